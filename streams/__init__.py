"""What follows the log: the runner of readings, policies, and what brings facts elsewhere."""
