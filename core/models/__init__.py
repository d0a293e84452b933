"""Nets and their weights: config in, tensors in, tensors out."""
