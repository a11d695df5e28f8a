"""How does a tenant get from one installation into another?"""
