"""Facts counted once when a batch is published, so that no page of the dashboard counts them."""
