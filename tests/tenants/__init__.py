"""Is what one tenant has hidden from every other?"""
