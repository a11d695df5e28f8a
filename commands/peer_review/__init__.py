"""The commands about peer review."""
