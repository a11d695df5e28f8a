"""The commands about scores, grades and outcomes."""
