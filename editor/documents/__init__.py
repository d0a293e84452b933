"""A visitor's pictures: trees of versions, runs, the files they lie in, and what leaves as a file.

Knows nothing of widgets, of the wire or of how an edit is drawn.
"""
