"""From scores to decisions: score rows, tiers and stages of customers."""
