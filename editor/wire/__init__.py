"""The only adapter between browser and engine: checked intents come in, messages for the stage go out.

Knows nothing of widgets or how anything is drawn. `intents` reads what the stage sends, `requests` makes edits of it
and the controls, `replies` builds the messages back, `menus` those for the model menu, `bits` has the compact forms
that both directions use.

The intent, argument of the event `run` and of the server functions `plan` and `suggest`:
    {v: 2, doc, mode, mask: {width, height, runs, values?} | null, box: [l, t, r, b] | null, extend: [l, t, r, b],
     window: [l, t, r, b] | null, run, from: From | null, model?}
    `runs` are row-major run lengths that sum to width * height. Without `values` they alternate 0, 1, 0, 1, ...,
    starting with zeros; with `values`, as many as runs and 0..255 each, every run has its own: how much of the new
    picture is blended in. `window` is the square to look through, in pixels of the original picture, if the person
    pinned one. `model` names the model that the page's controls are for: if another is at work by now, nothing is run.
    From = {run, variation, step, how, share?, pins?: [[cell, code], ...]}, cells row-major: the geometry is that kept
    run's, not the canvas's; `intents.Origin` tells the kinds.
Other events carry {run}, {run, variation}, {version} and the like, described in `editor.handlers`.
Messages to the browser: one small JSON dict each, told apart by a rising `rev`.

All input is foreign: every value is checked for type, range and length before anything of its size is allocated, and
whatever cannot be read ends in `BadRequest`.
"""
