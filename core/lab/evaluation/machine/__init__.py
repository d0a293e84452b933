"""Costs on this machine: seconds by stage, published models, and pictures of any size."""
