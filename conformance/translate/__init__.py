"""Translation of a call of one API into a call of another."""
