"""Publishing the rules of retention."""
