"""What holds when processes race, die, or lose their database."""
