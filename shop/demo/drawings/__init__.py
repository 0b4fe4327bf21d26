"""The demo's pictures, drawn by rule from a name, a palette and a seed.

In the room: `draw.draw` (a piece, its detail, its size), `draw.draw_maker` (a place of work, never a face) and
`draw.draw_landscape`; behind them one module per craft, each holding the construction its craft really uses. Not in
the room: which product gets which picture (the demo's catalogue says), storage and resizing (shop.media). Every
picture is captioned as a drawing wherever it is shown.
"""
