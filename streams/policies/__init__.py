"""Which commands follow from facts by themselves?"""
