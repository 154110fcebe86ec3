"""The gate: what changed between two examinations of a framework, and which convention it was."""
