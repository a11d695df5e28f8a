"""The settings: which there are, what they are now, and which go together."""
