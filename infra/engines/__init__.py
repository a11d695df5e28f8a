"""Which engines can registrar start by itself?"""
