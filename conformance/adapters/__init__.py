"""The frameworks that can be asked: one file of facts for each."""
