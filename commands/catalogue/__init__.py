"""The commands about courses, runs, their content and their seats."""
