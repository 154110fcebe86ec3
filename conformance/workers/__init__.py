"""Workers: a framework asked in its own interpreter, by a controller that outlives it."""
