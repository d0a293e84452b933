"""The only adapter between browser and engine: checked intents come in, messages for the page's scripts go out.

Knows nothing of widgets or how anything is drawn. `sent` has the types of everything that the scripts send, `told` of
everything that they receive. `intents` reads intents, `requests` makes edits of them and the controls, `replies` builds
the messages, `answers` the answers to questions between events, `menus` the state of the model menu; `bits` has the
compact forms that both directions use.

The intent, `sent.Intent`, is the argument of the event `run` and of the server functions `plan` and `suggest`:
    `runs` of its mask are row-major run lengths that sum to width * height. Without `values` they alternate 0, 1, 0,
    1, ..., starting with zeros; with `values`, as many as runs and 0..255 each, every run has its own share of the new
    picture. `window` is the square to look through, in pixels of the original picture, if the person pinned one.
    `model` names the model that the page's controls are for: if another is at work by now, nothing is run. Pins are
    [cell, code] each, cells row-major: the geometry is that kept run's, not the canvas's.
Messages to the browser: one small JSON dict each, told apart by a rising `rev`.

All input is foreign: every value is checked for type, range and length before anything of its size is allocated, and
whatever cannot be read ends in `BadRequest`.
"""
