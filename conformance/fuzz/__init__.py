"""Ask random questions, and shrink those that show a problem."""
