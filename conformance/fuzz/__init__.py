"""Asks random questions, and shrinks those that show a problem."""
