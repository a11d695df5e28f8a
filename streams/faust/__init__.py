"""How do workers keep the readings up from Kafka? A Faust app for each reading."""
