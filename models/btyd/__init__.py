"""Buy-till-you-die models: purchases at a personal rate until an unseen end, in closed form."""
