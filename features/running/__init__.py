"""Running columns: values along a customer's own lines, and what they read at a cutoff."""
