"""Registering learners, changing what is known of them, and merging records of one person."""
