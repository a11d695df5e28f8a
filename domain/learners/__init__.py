"""Who are the learners as people: what are they called, and which records are one person?"""
