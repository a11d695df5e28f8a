"""What each reading of the log is: a name, a version, a key, a fold, a row."""
