"""The commands about honour code, identity and violations."""
