"""Under which addresses are the queries answered?"""
