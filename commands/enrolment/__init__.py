"""The commands about who is in a run."""
