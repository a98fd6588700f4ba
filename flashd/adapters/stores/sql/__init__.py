"""The state store in SQL: SQLite now, PostgreSQL by the same statements."""
