"""What do queries need of what is outside of them? One file a source."""
