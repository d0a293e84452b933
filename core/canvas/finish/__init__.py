"""The exemplar finish: holes and borders filled with pixels of the photo itself, led by the model's picture.

Knows nothing of nets, tokens, windows or requests: photo, hole and guides go in, finished pictures come out. Patches
are searched as PatchMatch does (Barnes et al. 2009) and averaged as Wexler et al. (2007) do, from coarse to fine; what
a hole begins with is laid from its rim inwards, patch by patch (Efros and Leung 1999, Criminisi et al. 2004).
"""
