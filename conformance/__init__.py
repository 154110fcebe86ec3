"""What transposed convolution means in each framework, asked exactly and answered by name."""

__version__ = "0.1.0"
