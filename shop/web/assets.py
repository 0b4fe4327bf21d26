"""Stylesheets, scripts, signs and fonts: read once at start, served under addresses that name their content.

An address ends in a hash of the bytes behind it, so a browser may keep it for ever and a new
release is a new address. There is no build step: files are joined in the order of their layers, and that is all.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, request

from shop.web.fonts import FACES, FAMILY

DOORS = ("storefront", "artisan", "staff")
# The artisan's door speaks with the letters of the telephone: not a byte of font crosses a weak network.
DOORS_WITH_FONT = ("storefront", "staff")
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "woff2": "font/woff2",
}
ALREADY_PACKED = ("woff2", "png", "jpg")

blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """Bytes with the file name they are served under, and the same bytes packed where that helps."""

    file_name: str
    body: bytes
    packed: bytes | None
    content_type: str


def resource(name: str) -> Path:
    """The folder `name` that lies beside the package in a checkout and inside it in an installed wheel."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"The installation is incomplete: no folder '{name}' beside {package}.")


class Assets:
    """Every asset of the installation by its plain name (`storefront.css`, `cart-count.js`, `icons.svg`)."""

    def __init__(self, static: Path, fonts: Path | None) -> None:
        self._by_name: dict[str, Asset] = {}
        self._by_file: dict[str, Asset] = {}
        for face in FACES:
            if fonts is not None and (fonts / face.file_name).is_file():
                self._add(face.file_name, (fonts / face.file_name).read_bytes())
        for script in sorted((static / "js").glob("*.js")):
            self._add(script.name, script.read_bytes())
        for picture in sorted((static / "img").glob("*.*")):
            self._add(picture.name, picture.read_bytes())
        self._add("icons.svg", sprite(static / "img" / "icons").encode())
        for door in DOORS:
            faces = self._font_faces() if door in DOORS_WITH_FONT else ""
            self._add(f"{door}.css", (join_css(static / "css", door) + faces).encode())

    def address(self, name: str) -> str:
        """The address of an asset; a name that is in no file is a template's mistake and raises LookupError."""
        if name not in self._by_name:
            raise LookupError(f"There is no asset named {name!r}.")
        return f"/assets/{self._by_name[name].file_name}"

    def has(self, name: str) -> bool:
        """Whether there is an asset of this name: fonts are built at installation, and may never have been."""
        return name in self._by_name

    def font_preloads(self, language: str) -> list[str]:
        """The font a page in `language` shows first; nothing where the fonts were never built."""
        name = f"souk-sans-{'arabic' if language == 'ar' else 'latin'}-400.woff2"
        return [self.address(name)] if name in self._by_name else []

    def find(self, file_name: str) -> Asset | None:
        return self._by_file.get(file_name)

    def _add(self, name: str, body: bytes) -> None:
        stem, _, ending = name.rpartition(".")
        file_name = f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{ending}"
        packed = None if ending in ALREADY_PACKED else gzip.compress(body, 9, mtime=0)
        asset = Asset(file_name, body, packed, TYPES[ending])
        self._by_name[name] = self._by_file[file_name] = asset

    def _font_faces(self) -> str:
        return "".join(
            f'@font-face{{font-family:"{FAMILY}";font-weight:{face.weight};font-display:swap;'
            f"src:url({self.address(face.file_name)}) format('woff2');unicode-range:{face.unicode_range}}}\n"
            for face in FACES
            if face.file_name in self._by_name
        )


def css_files(folder: Path, door: str) -> list[Path]:
    """The stylesheets of a door as they are joined: what all doors share, the door's own, print."""
    shared = [folder / f"{name}.css" for name in ("layers", "reset", "tokens", "base", "layout")]
    parts = sorted((folder / "components").glob("*.css"))
    own = [folder / f"{door}.css", *sorted((folder / door).glob("*.css"))]
    return [*shared, *parts, *own, folder / "utilities.css", folder / "print.css"]


def join_css(folder: Path, door: str) -> str:
    """One stylesheet of a door without its comments and indentation."""
    whole = "\n".join(path.read_text(encoding="utf-8") for path in css_files(folder, door))
    without_comments = re.sub(r"/\*.*?\*/", "", whole, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", without_comments).strip() + "\n"


def sprite(folder: Path) -> str:
    """All signs of a folder as symbols of one SVG, each under the name of its file."""
    symbols = []
    for path in sorted(folder.glob("*.svg")):
        drawing = re.fullmatch(r"<svg([^>]*)>(.*)</svg>\s*", path.read_text("utf-8"), re.DOTALL)
        if drawing is None:
            raise ValueError(f"{path} is not a plain SVG: it must begin with <svg and end with </svg>.")
        opening, inner = drawing.groups()
        opening = opening.replace(' xmlns="http://www.w3.org/2000/svg"', "")
        symbols.append(f'<symbol id="{path.stem}"{opening}>{inner.strip()}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


def init_assets(app: Flask, fonts: Path | None) -> None:
    """Read the assets of the installation into `app`; `fonts` is the folder `build_fonts` filled, or None."""
    assets = Assets(resource("static"), fonts)
    app.extensions["assets"] = assets
    app.jinja_env.globals["asset"] = assets.address
    app.jinja_env.globals["font_preloads"] = assets.font_preloads
    app.register_blueprint(blueprint)


@blueprint.get("/assets/<file_name>")
def show(file_name: str) -> Response:
    asset = current_app.extensions["assets"].find(file_name)
    if asset is None:
        abort(404)
    packed = asset.packed if "gzip" in request.accept_encodings else None
    response = Response(packed or asset.body, content_type=asset.content_type)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if asset.content_type == TYPES["woff2"]:
        # Stripe's form in our page is of another origin, and is set in our letters.
        response.headers["Access-Control-Allow-Origin"] = "*"
    if asset.packed is not None:
        response.headers["Vary"] = "Accept-Encoding"
    if packed is not None:
        response.headers["Content-Encoding"] = "gzip"
    return response
