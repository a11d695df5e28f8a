"""Kafka, as the parts that fill its topics see it."""
