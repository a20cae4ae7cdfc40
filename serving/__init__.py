"""Publishing of scores, the score store, the HTTP service and the dashboard."""
