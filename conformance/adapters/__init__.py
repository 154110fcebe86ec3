"""Describe each framework and its APIs, with one file for each."""
