"""Tests of the store of keys."""
