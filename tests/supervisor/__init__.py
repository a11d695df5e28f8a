"""Do the processes of a cluster start, tell how they are, start again, and end in order?"""
