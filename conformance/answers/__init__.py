"""Diagnoses answers that somebody brings: of a converter, of a phone, of another runtime."""
