"""Environments: where a framework lives, and how one is made."""
