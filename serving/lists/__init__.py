"""Contact lists of a shop: preview, make, read, contacts, outcomes, readout."""
