"""The gate between picture files and arrays: the only rooms that open, or write, pictures."""
