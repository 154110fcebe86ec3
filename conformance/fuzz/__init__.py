"""Random search: questions nobody thought of, and the smallest that shows what went wrong."""
