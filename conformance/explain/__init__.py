"""Explain one case: its calls, its answers, and a script that repeats a call."""
