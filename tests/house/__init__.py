"""How this house is built, counted: which room imports which, how long things are, what is told of and what is not.

`python -m tests.house [CHECKOUT] [--names]` prints the table; `--names` lists what is behind every count that misses
its target. Standard library only; nothing of the checkout is imported.
"""
