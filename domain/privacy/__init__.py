"""What of a learner is personal, and how is it forgotten?"""
