"""How do records of other systems come in? One package a source; each sends commands only."""
