"""Translate a call of one API into a call of another."""
