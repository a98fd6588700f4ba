"""In what order: observe, decide, guard, write down, send, read, verify, tell."""
