"""The engine: canvas, decoding and models meet here, and nowhere else.

Knows nothing of files (except the model folder it loads), screens or picture formats. A request is checked and laid out
(asked), run window by window (run), painted by the owner of the nets (painter), and ended (ending).
"""

from core.engine.engine import Engine
from core.engine.load import LocalEngine, load_engine

__all__ = ["Engine", "LocalEngine", "load_engine"]
