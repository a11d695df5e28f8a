"""Is what people search for found, alike in both engines?"""
