"""Groups of customers: by recency and frequency, by behaviour, by value; and who moved."""
