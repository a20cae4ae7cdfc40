"""The features, a family a file."""
