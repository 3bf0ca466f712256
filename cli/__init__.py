"""The front door: one file a subcommand. Importing it imports no other room's code."""
