"""Which institutions share an installation?"""
