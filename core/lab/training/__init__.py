"""Training of the bundled model and of one's own; only the lab's command line imports it."""
