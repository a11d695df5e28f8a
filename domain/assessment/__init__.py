"""What was handed in, when, and was it in time?"""
