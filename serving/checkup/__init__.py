"""What `perennial doctor` looks at, one subject a module."""
