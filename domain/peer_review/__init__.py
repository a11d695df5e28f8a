"""Who reviews whose work, until when, and what do the reviews come to?"""
