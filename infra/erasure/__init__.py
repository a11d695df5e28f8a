"""How is a learner forgotten everywhere?"""
