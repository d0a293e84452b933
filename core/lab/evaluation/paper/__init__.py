"""The experiments of Chang et al. 2022 (MaskGIT; table 3, figures 4 and 8) on our model, and of Halton's order."""
