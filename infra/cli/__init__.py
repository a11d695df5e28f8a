"""What can be done from a terminal? One file a verb."""
