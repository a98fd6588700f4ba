"""Mutants of the modules that must not be wrong, made by script: each must make a test fail."""
