"""Helpers for text, files and progress that know nothing of convolution."""
