"""The files of pictures, under addresses that name their content and therefore never change."""

import re

from flask import Blueprint, Response, abort, request

from shop.media.images import path_of

blueprint = Blueprint("media", __name__)

_NAME = re.compile(r"([0-9a-f]{64})-([1-9][0-9]{1,3})\.(webp|jpg)")
_TYPES = {"webp": "image/webp", "jpg": "image/jpeg"}


@blueprint.get("/media/<ab>/<name>")
def show(ab: str, name: str) -> Response:
    """One width of one picture. Any other name than ours is not looked for."""
    match = _NAME.fullmatch(name)
    if match is None or not name.startswith(ab) or len(ab) != 2:
        abort(404)
    sha256, width, extension = match.groups()
    path = path_of(sha256, int(width), extension)
    if not path.is_file():
        abort(404)
    response = Response(path.read_bytes(), mimetype=_TYPES[extension])
    response.set_etag(f"{sha256[:32]}-{width}-{extension}")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    response.make_conditional(request)
    return response
