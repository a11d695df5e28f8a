"""Was the honour code accepted, is the learner who they say, and was anything against the rules?"""
