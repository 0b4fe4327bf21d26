"""The files of pictures, under addresses that name their content and therefore never change."""

from flask import Blueprint, Response, abort, request

from shop.media.storage import CACHE_CONTROL, NAME, TYPES, store

blueprint = Blueprint("media", __name__)


@blueprint.get("/media/<ab>/<name>")
def show(ab: str, name: str) -> Response:
    """One width of one picture in one format. Any other name than ours is not looked for."""
    match = NAME.fullmatch(f"{ab}/{name}")
    if match is None:
        abort(404)
    _ab, sha256, width, extension = match.groups()
    tag = f"{sha256[:32]}-{width}-{extension}"
    if request.if_none_match.contains_weak(tag):
        # Whoever has it has it as it is: nothing needs to be read.
        response = Response(status=304)
    else:
        body = store().find(match[0])
        if body is None:
            abort(404)
        response = Response(body, content_type=TYPES[extension])
    response.set_etag(tag)
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    return response
