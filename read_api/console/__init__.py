"""What do people look at? Pages drawn on the server from the same queries as the JSON API."""
