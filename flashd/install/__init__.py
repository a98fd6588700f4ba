"""What a package would do: put flashd's files where a host expects them."""
