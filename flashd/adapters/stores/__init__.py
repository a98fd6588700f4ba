"""Keep the state in a database: SQLite here, PostgreSQL by the same statements."""
