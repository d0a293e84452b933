"""What no room is about and every room may use: names imported at first use, JSON from outside, terminals.

Knows nothing of pictures, models or requests.
"""
