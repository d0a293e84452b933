"""Training of the bundled model and of a model of one's own; nobody but the command line imports it."""
