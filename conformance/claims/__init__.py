"""Claims: what documents state of an answer, and whether it holds."""
