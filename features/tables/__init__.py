"""Optional tables beside the purchase log: customers, contacts, surveys."""
