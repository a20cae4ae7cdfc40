"""The checked, sorted log: settled lines in ranges of customers, in memory and on disk."""
