"""The methods compared, one file each. Every module in this folder is imported and registers its models."""
