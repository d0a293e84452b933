"""Masked decoding: tokens in, tokens out."""
