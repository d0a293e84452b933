"""Pixels: from a request to windows and unknown cells, and from decoded windows back to the picture.

Knows nothing of torch, tokens' values, nets or files; numpy and OpenCV on uint8 RGB and bool masks (True = repaint).
"""
