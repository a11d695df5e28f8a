"""Each command with its decision, the pipeline that transacts, the command API."""
