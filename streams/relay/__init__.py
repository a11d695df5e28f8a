"""What brings the log's facts to Kafka: packed for the workers, one a message for the outside."""
