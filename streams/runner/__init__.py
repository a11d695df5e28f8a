"""How are readings kept up with the log in this process?"""
