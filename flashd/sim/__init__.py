"""A simulated DS8000 with its own dscli: one array is one file, shared by processes."""
