"""Commands that forget a learner, or keep them from being forgotten."""
