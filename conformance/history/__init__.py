"""Several releases of one package: which there are, what changed between them, and when."""
