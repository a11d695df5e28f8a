"""Roles: given and taken."""
