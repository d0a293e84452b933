"""The paper's experiments on our model: schedules and steps, parallel against sequential, confidence against Halton.

Source: Chang et al. 2022 (MaskGIT), table 3 and figures 2, 4 and 8.
"""
