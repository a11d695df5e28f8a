"""Is the real data set replayed as promised?"""
