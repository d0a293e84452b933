"""The model at work, the next one, and what there is to choose from.

Knows nothing of pages or visitors.
"""
