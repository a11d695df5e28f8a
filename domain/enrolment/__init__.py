"""Who is in which run, since when, and until when?"""
