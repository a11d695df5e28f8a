"""Facts, state, course rules and grading: pure Python, no I/O, no clock, no randomness."""
