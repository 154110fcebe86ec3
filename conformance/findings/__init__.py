"""Read the findings of `docs/findings.md`, and run their scripts in any interpreter."""
