"""The keys that personal fields are sealed with."""
