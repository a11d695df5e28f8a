"""What every HTTP answer has in common, and how the applications are put together."""
