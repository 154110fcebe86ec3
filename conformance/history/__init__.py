"""Run the same cases against releases of a package, and report what changed between them."""
