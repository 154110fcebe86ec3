"""Plan, run and evaluate the cases in an environment, and write run files."""
