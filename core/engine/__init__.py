"""The hall where canvas, decoding and models meet, and the only door to them.

Knows nothing of files (but the model folder it loads), screens or picture formats. A request is checked and laid out
(asked), run window by window (run), painted by whoever holds the nets (painter), and ended (ending).
"""

from core.engine.engine import Engine
from core.engine.load import load_engine

__all__ = ["Engine", "load_engine"]
