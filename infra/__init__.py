"""Adapters to engines, settings, and the one composition root. Nothing imports infra."""
