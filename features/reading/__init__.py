"""Purchases as a shop has them, read, checked and accounted for row by row."""
