"""How do OULAD's tables become commands?"""
