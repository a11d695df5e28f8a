"""Who analyses what in SQL, and how are they kept to their tenant?"""
