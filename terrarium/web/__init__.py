"""How a run becomes a web site."""
