"""The commands about work that is handed in."""
