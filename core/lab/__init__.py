"""The lab: models are trained and measured here, behind a command line of its own (`python -m core.lab`).

Nothing outside imports it: without this folder the engine, the command line and the editor are whole.
"""
