"""Where is the log kept, and how is it written and read?"""
