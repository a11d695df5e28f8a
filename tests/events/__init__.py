"""Do consumers outside get what they were promised?"""
