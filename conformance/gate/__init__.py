"""Compare a run with a baseline, and say which convention each change is."""
