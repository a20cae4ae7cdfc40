"""Costed contact lists: audience, expected profit, hold-out, and what the list earned."""
