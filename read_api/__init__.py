"""Queries, audit, subscriptions and the console."""
