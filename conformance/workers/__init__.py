"""Runs the source of calls in a framework's own interpreter, and survives what happens there."""
