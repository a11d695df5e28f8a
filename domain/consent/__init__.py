"""For which purposes may what is known of a learner be used?"""
