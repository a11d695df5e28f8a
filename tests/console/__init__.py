"""Does the console show what is so, to everybody, in a real browser?"""
