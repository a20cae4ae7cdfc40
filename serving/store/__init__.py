"""The score store: its tables, its database, the rows and tokens in it."""
