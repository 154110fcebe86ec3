"""Conventions: what an argument can mean, and which meanings explain an answer."""
