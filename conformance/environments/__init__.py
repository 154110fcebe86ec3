"""Make the environments of frameworks, and find their interpreters."""
