"""Text, files and progress: what every other folder uses and none is about."""
