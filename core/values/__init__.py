"""What is asked of the engine and what comes back, as plain values: no torch, no files."""
