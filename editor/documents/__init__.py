"""A visitor's pictures: trees of versions, runs, their files, and what leaves the server as a file.

Knows nothing of widgets, of the wire or of how an edit is drawn.
"""
