"""How cases are written: by hand, out of a captured call, or from what was found."""
