"""Estimators, metrics and the fitted bundle with its file format."""
