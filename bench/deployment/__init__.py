"""A model for a stranger to serve: its graphs, a card that says how, and a script that does it."""
