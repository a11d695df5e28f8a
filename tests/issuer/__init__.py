"""The development issuer, and signing in."""
