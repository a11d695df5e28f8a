"""Commands of those who run the installation, about its tenants."""
