"""Find the call of an API that gives the oracle's answer, and write it as source."""
