"""Pictures: accept, clean, resize, store, address. The only room that opens an image.

Nothing of an upload is kept but pixels: every file is re-encoded from a fresh canvas, so metadata, places and hidden
content are gone. Not here: which product shows which picture (catalogue), who made it (artisans).
"""
