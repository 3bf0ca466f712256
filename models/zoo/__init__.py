"""One file a method of the paper's tables; each registers its models."""
