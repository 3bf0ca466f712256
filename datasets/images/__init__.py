"""Images of items: where they come from, how they are decoded, and the store they are read from."""
