"""Publishing purposes, giving and withdrawing consent."""
