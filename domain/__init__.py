"""Facts, state, course rules, grading and evidence: pure Python, no I/O, no clock, no randomness."""
