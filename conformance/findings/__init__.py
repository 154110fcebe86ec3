"""The findings of `docs/findings.md`: read, and shown again in any interpreter."""
