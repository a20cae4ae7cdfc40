"""The customers of a shop taken together: cohorts, channels, years, and room to grow."""
