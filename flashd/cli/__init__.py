"""Who asks: thin. One file a command: arguments, run, words."""
