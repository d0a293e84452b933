"""The finish: holes and borders filled with pixels of the photo itself, led by the model's picture.

Knows nothing of nets, tokens, windows or requests: photo, hole and guides go in, finished pictures come out. The method
and the measurements behind its constants are in docs/finish.md.
"""
