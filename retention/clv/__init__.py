"""Customer value as people mean it: the formula, its bias, and value after costs, exactly."""
