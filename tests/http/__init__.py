"""What a client over HTTP gets, right or wrong."""
