"""The page: the canvas component, the inspector's controls, the menus, and which event calls which gesture.

Knows nothing of what a gesture does, or of how the server is reached.
"""
