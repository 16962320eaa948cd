"""The catalogue: what is kept, in SQLite. The single source of truth."""
