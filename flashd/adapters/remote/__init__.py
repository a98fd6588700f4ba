"""Ways to put a question to another host."""
