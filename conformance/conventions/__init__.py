"""Describe what an argument can mean, and find the meanings that explain an answer."""
