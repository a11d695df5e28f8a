"""Is what the log was shown, and what was altered found?"""
