"""Does the command line do what its help says, and fail in one line?"""
