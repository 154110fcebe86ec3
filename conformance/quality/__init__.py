"""The quality of the cases: which conventions they detect, and which arguments meet in them."""
