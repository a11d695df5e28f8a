"""How do all the processes of a cluster run on one machine, under one that watches them?"""
