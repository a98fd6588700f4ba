"""What `flashd doctor` concludes from what it saw: pure, one module a family of checks."""
