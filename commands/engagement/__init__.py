"""The commands about what learners watch and view."""
