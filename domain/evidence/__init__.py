"""How is the log shown to be what it was?"""
