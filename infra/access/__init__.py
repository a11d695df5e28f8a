"""Adapters of access control: the log of reads, and grants as the log has them."""
