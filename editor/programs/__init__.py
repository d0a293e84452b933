"""Plain HTTP for programs: a form in, a PNG out; with ?stream=1 every step on the way.

Knows nothing of pictures; editor/handlers/calls.py draws them.

    routes   the addresses below /api/v1/
    call     one call, from its form to its answer: the turn, the steps, the sender who has left
    wire     what goes back: a PNG, server-sent events, or a refusal
    openapi  the description that other programs' tools read
"""
