"""How is a fact told to a person? One file for each context of the domain."""
