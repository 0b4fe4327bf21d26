"""Assets name their content, may be kept for ever and are small; fonts are cut under our own name."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from fontTools.ttLib import TTFont

from shop.web.assets import Assets, init_assets, resource, sprite
from shop.web.fonts import FACES, LICENCE_FILE, build_fonts

LETTERS = {
    "arabic": "ابتجحدرسصطعفقكلمنهويىءئؤةگڭپڤ،؛؟",
    "latin": "abcÉéèçœŒ«»0123456789€£%×·…’",
}


@pytest.fixture(scope="module")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fonts")
    build_fonts(folder)
    return folder


@pytest.fixture(scope="module")
def app(fonts: Path) -> Flask:
    app = Flask("shop", static_folder=None)
    init_assets(app, fonts)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def address(app: Flask, name: str) -> str:
    return app.jinja_env.globals["asset"](name)  # type: ignore[no-any-return, operator]


@pytest.mark.parametrize("name", ["storefront.css", "artisan.css", "staff.css", "cart-count.js", "icons.svg"])
def test_an_asset_may_be_kept_for_ever(app: Flask, client: FlaskClient, name: str) -> None:
    answer = client.get(address(app, name), headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.data) == client.get(address(app, name)).data


def test_an_address_changes_with_its_content_and_only_then(tmp_path: Path) -> None:
    (tmp_path / "css").symlink_to(resource("static") / "css")
    for folder in ("js", "img/icons"):
        (tmp_path / folder).mkdir(parents=True)
    script = tmp_path / "js" / "x.js"
    script.write_text("1")
    first = Assets(tmp_path, None).address("x.js")
    assert Assets(tmp_path, None).address("x.js") == first
    script.write_text("2")
    assert Assets(tmp_path, None).address("x.js") != first


def test_an_unknown_file_is_not_found_and_an_unknown_name_is_a_mistake(app: Flask, client: FlaskClient) -> None:
    assert client.get("/assets/storefront-000000000000.css").status_code == 404
    assert client.get("/assets/../pyproject.toml").status_code == 404
    with pytest.raises(LookupError, match="storefrnt"):
        address(app, "storefrnt.css")


def test_the_artisan_door_loads_no_font(app: Flask, client: FlaskClient) -> None:
    assert b"@font-face" not in client.get(address(app, "artisan.css")).data
    assert client.get(address(app, "storefront.css")).data.count(b"@font-face") == len(FACES)


def test_fonts_named_in_the_stylesheet_are_served(app: Flask, client: FlaskClient) -> None:
    sources = re.findall(r"url\(([^)]+)\)", client.get(address(app, "storefront.css")).text)
    assert len(sources) == len(FACES)
    for source in sources:
        answer = client.get(source)
        assert (answer.status_code, answer.content_type, answer.data[:4]) == (200, "font/woff2", b"wOF2")


def test_pages_do_without_fonts_that_were_never_built(tmp_path: Path) -> None:
    assets = Assets(resource("static"), tmp_path / "nowhere")
    assert assets.font_preloads("ar") == []
    found = assets.find(assets.address("storefront.css").rpartition("/")[2])
    assert found is not None
    assert b"@font-face" not in found.body


def test_every_sign_is_in_the_sprite_and_every_sign_used_is_a_file() -> None:
    folder = resource("static") / "img" / "icons"
    symbols = set(re.findall(r'<symbol id="([\w-]+)"', sprite(folder)))
    assert symbols == {path.stem for path in folder.glob("*.svg")}
    templates = resource("templates").rglob("*.html")
    used = {name for page in templates for name in re.findall(r'\bicon\("([\w-]+)"', page.read_text("utf-8"))}
    assert used
    assert used <= symbols


def test_all_fonts_together_weigh_less_than_sixty_five_kilobytes(fonts: Path) -> None:
    assert sum((fonts / face.file_name).stat().st_size for face in FACES) <= 65 * 1024


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.file_name)
def test_a_font_bears_our_name_and_its_licence_lies_beside_it(fonts: Path, face) -> None:  # type: ignore[no-untyped-def]
    with TTFont(fonts / face.file_name) as font:
        names, characters = " ".join(str(record) for record in font["name"].names), font.getBestCmap()
    assert "Plex" not in names
    assert "Souk Sans" in names
    assert "SIL OPEN FONT LICENSE" in (fonts / LICENCE_FILE).read_text("utf-8").upper()
    assert {letter for letter in LETTERS[face.script] if ord(letter) not in characters} == set()


def test_fonts_are_built_once(fonts: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in build_fonts(fonts)}
    assert {path: path.stat().st_mtime_ns for path in build_fonts(fonts)} == before
