"""The server: sockets, the door before Gradio, the folder of one run, and the processes that open strangers' pictures.

Knows nothing of the page, of models, or of what a gesture does.
"""
