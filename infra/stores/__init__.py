"""Where are readings kept, and how do people learn how they are doing?"""
