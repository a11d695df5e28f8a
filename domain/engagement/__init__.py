"""What has a learner watched and viewed?"""
