"""Signing in to the console with a browser, as a program of whichever issuer is set."""
