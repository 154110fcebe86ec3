"""From an environment to its run file: here or elsewhere, in one go or several."""
