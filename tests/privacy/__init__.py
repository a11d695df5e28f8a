"""Is a learner who was erased forgotten, everywhere and for good?"""
