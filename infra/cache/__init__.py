"""What do the processes of a cluster share through Redis, and what do they do without it?

Redis makes answers quicker and never other: whatever it holds may be gone at any moment. Each part
here stands behind a port beside its consumer, and has an adapter in memory.
"""
