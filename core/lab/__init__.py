"""The lab: where models are made and measured, behind a door of its own (`python -m core.lab`).

Nothing outside knows of it: without this folder the engine, the command line and the editor are whole.
"""
