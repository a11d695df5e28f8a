"""The eventsourcing library's own tests, over this log."""
