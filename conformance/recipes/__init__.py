"""Recipes: the call of an API that gives the answer of the oracle, as source to run."""
