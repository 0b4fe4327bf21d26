"""Pictures in a folder and in S3 are the same pictures. S3 is a server that speaks it, never a stand-in within the process.

`SHOP_TEST_STORAGE_URL` names a bucket of any such server (what the tests put there stays); else `moto_server` is started
where it is found; else the tests of S3 are left out.
"""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import text

from shop import worker
from shop.backup.services import back_up, restore
from shop.commands.doctor import examine
from shop.core import clock as clock_module
from shop.core import runtime, schema
from shop.core.config import BucketAddress, parse_bucket
from shop.core.db import db, transaction
from shop.media.images import clean, files_of, keep
from shop.media.models import Picture
from shop.media.queries import picture_view
from shop.media.renditions import mend_all
from shop.media.storage import Bucket, Folder, StorageFailed, Store, store
from tests.__main__ import find_s3_server
from tests.conftest import make_settings

PUBLIC = {"Content-Type": "image/webp", "Cache-Control": "public, max-age=31536000, immutable"}


@pytest.fixture(scope="module")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bucket, or a folder in one: s3://key:secret@bucket/folder?endpoint=…"""
    if given := os.environ.get("SHOP_TEST_STORAGE_URL"):
        yield given
        return
    server = find_s3_server()
    if server is None:
        pytest.skip("no S3 server: install moto[server], or name a bucket in SHOP_TEST_STORAGE_URL")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("moto") / "log").open("wb")
    process = subprocess.Popen([server, "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(urllib.request.Request(f"{endpoint}/pictures", method="PUT"), timeout=2).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.2)
        yield f"s3://a%2Fkey:a%2Fsecret@pictures/shop?endpoint={endpoint}&region=eu-west-3"
    finally:
        process.terminate()
        process.wait(timeout=10)
        log.close()


def empty(url: str) -> str:
    """A folder of a bucket that nobody has used."""
    head, mark, query = url.partition("?")
    return f"{head}/{uuid.uuid4().hex}{mark}{query}"


@pytest.fixture(params=["folder", "s3"])
def kept(request: pytest.FixtureRequest, app: Flask, tmp_path: Path) -> Store:
    """An installation whose pictures are in a folder, then one whose pictures are in S3, both empty."""
    if request.param == "s3":
        url = empty(request.getfixturevalue("s3_url"))
        database = runtime.settings().database_url
        runtime.install(make_settings(tmp_path, database, storage_url=url))
    assert isinstance(store(), {"folder": Folder, "s3": Bucket}[request.param])
    return store()


@pytest.fixture
def migrated(app: Flask) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": schema.head()})


def photo(colour: str = "teal") -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (700, 500), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def take_in(colour: str = "teal") -> Picture:
    with transaction():
        return keep(clean(photo(colour)), uploaded_by=None, now=clock_module.now())


def test_a_store_gives_back_what_it_was_given_and_lists_pictures_only(kept: Store) -> None:
    names = [f"ab/{'ab' * 32}-{width}.webp" for width in (320, 640)]
    kept.put_all({names[0]: b"one", names[1]: b"other", f"ab/{'ab' * 32}-nothing.webp": b"x"})
    assert kept.find(names[0]) == b"one"
    kept.put_all({names[0]: b"once more"})
    assert kept.find(names[0]) == b"once more"
    assert kept.find(f"cd/{'cd' * 32}-320.webp") is None
    assert kept.missing([*names, f"ab/{'ab' * 32}-960.webp"]) == [f"ab/{'ab' * 32}-960.webp"]
    assert sorted(kept.list_names()) == [(names[0], 9), (names[1], 5)]
    kept.demand()


def test_a_picture_goes_from_upload_to_page_whatever_keeps_it(kept: Store, client: FlaskClient) -> None:
    picture = take_in()
    assert worker.run_due() == 1
    assert {name for name, _bytes in kept.list_names()} == set(files_of(picture.sha256, picture.width, avif=True))
    base = picture_view(picture)["base"]
    for ending, kind in (("webp", "WEBP"), ("jpg", "JPEG"), ("avif", "AVIF")):
        answer = client.get(f"{base}-320.{ending}")
        with Image.open(BytesIO(answer.data)) as image:
            assert (answer.status_code, image.format, image.width) == (200, kind, 320)
    assert client.get(f"{base}-960.webp").status_code == 404
    assert client.get("/readyz").json["storage"] is True
    assert mend_all(lambda _done, _total: None).files == 0


def test_objects_of_a_bucket_may_be_served_from_there(s3_url: str) -> None:
    bucket = Bucket(parse_bucket(empty(s3_url)))
    name = f"ef/{'ef' * 32}-320.webp"
    bucket.put_all({name: b"x"})
    # What a browser would be told that asks the bucket itself: read with the same signature, past our own reading.
    found: dict[str, Any] = dict(bucket._api.get(bucket._store, name).attributes)
    assert {key: found[key] for key in PUBLIC} == PUBLIC


@pytest.mark.usefixtures("migrated")
def test_pictures_move_from_a_folder_into_a_bucket_by_backup_and_restore(
    app: Flask, s3_url: str, tmp_path: Path
) -> None:
    take_in()
    worker.run_due()
    folder = dict(store().list_names())
    written = back_up(tmp_path / "folder.zip", force=False, progress=lambda *_step: None)
    assert (written.pictures, written.missing, written.elsewhere) == (len(folder), 0, "")
    (tmp_path / "other").mkdir()
    settings = make_settings(tmp_path / "other", runtime.settings().database_url, storage_url=empty(s3_url))
    runtime.install(settings)
    restored = restore(tmp_path / "folder.zip", force=True, progress=lambda *_step: None)
    assert (restored.pictures, restored.missing) == (len(folder), 0)
    assert dict(store().list_names()) == folder
    # And now the pictures stay where they are: the file says so, and puts none of them back.
    written = back_up(tmp_path / "bucket.zip", force=False, progress=lambda *_step: None)
    assert (written.pictures, written.missing) == (0, 0)
    assert written.elsewhere.startswith("s3://")
    assert "@" not in written.elsewhere
    assert "secret" not in str(written.manifest.settings)
    again = restore(tmp_path / "bucket.zip", force=True, progress=lambda *_step: None)
    assert (again.pictures, again.missing) == (0, 0)
    shutil.rmtree(tmp_path / "media")
    (tmp_path / "media").mkdir()
    runtime.install(make_settings(tmp_path, settings.database_url))
    assert restore(tmp_path / "bucket.zip", force=True, progress=lambda *_step: None).missing == 1


SILENT = "s3://key:secret@pictures?endpoint=http://127.0.0.1:9"


@pytest.mark.usefixtures("migrated")
def test_a_store_that_is_silent_is_said_and_nothing_is_half_kept(
    app: Flask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = take_in()
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr("shop.media.storage.RETRIES", 0)
    settings = make_settings(tmp_path, runtime.settings().database_url, storage_url=SILENT)
    runtime.install(settings)
    with pytest.raises(StorageFailed):
        clean(photo("gold"))
    answer = client.get(f"{picture_view(picture)['base']}-320.webp")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (502, "no-store")
    assert "The place where photos are kept does not answer." in answer.text
    assert worker.run_due() == 0
    assert (client.get("/readyz").status_code, client.get("/readyz").json["storage"]) == (503, False)
    found = {finding.name: finding for finding in examine(lambda: settings, app.app_context)}
    assert found["store of pictures"].wrong
    assert "s3://pictures?endpoint=http://127.0.0.1:9 does not answer" in found["store of pictures"].text
    assert not [finding for finding in found.values() if "secret" in finding.text.lower() and "@" in finding.text]


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://pictures", BucketAddress("pictures")),
        ("s3://pictures/a/b/", BucketAddress("pictures", "a/b")),
        (
            "s3://k%2F1:s%40%3A2@pictures?endpoint=https://s3.example/&region=gra",
            BucketAddress("pictures", "", "https://s3.example", "gra", "k/1", "s@:2"),
        ),
    ],
)
def test_an_address_of_a_bucket_is_read(url: str, address: BucketAddress) -> None:
    assert parse_bucket(url) == address
