"""Does the relay bring every fact to Kafka?"""
