"""Measure the cases: the conventions that they detect, and the arguments that they combine."""
