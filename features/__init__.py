"""From a purchase log to one row per customer at a cutoff, and the labels that follow it."""
