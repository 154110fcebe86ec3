"""Runs: every case asked in an environment, from the plan to the run file."""
