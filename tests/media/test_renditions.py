"""AVIF is made after the upload, offered once it is there, and whatever is lost is made anew."""

from io import BytesIO

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from PIL import Image

from shop import worker
from shop.core import clock as clock_module
from shop.core import outbox
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.tables import Job
from shop.core.versions import public_version
from shop.media.images import clean, files_of, keep
from shop.media.models import Picture
from shop.media.queries import picture_view
from shop.media.renditions import PictureGone, ask_for_all, encode_avif, mend_all, write_missing
from shop.media.storage import Folder, name_of, store


def take_in(size: tuple[int, int] = (700, 500), colour: str = "teal", *, asked: bool = True) -> Picture:
    """An upload as a door keeps it; not `asked`: as one of before the shop made AVIF."""
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    with transaction():
        picture = keep(clean(buffer.getvalue()), uploaded_by=None, now=clock_module.now())
        if not asked:
            db.session().info.pop("jobs")
    return picture


def let_work() -> int:
    """Everything that is due, as the worker's loop does it; how many jobs."""
    done = 0
    while now_done := worker.run_due():
        done += now_done
    return done


def offered(picture: Picture) -> list[str]:
    db.session.refresh(picture)
    return [media_type for media_type, _srcset in picture_view(picture)["sources"]]


def folder() -> Folder:
    found = store()
    assert isinstance(found, Folder)
    return found


@pytest.mark.both_databases
def test_the_worker_makes_avif_and_pages_offer_it_from_then_on(app: Flask) -> None:
    picture = take_in()
    assert offered(picture) == ["image/webp"]
    before = public_version()
    assert worker.run_due() == 1
    assert offered(picture) == ["image/avif", "image/webp"]
    assert public_version() != before
    assert store().missing(files_of(picture.sha256, picture.width, avif=True)) == []
    for width in (320, 640, 700):
        with Image.open(BytesIO(store().find(name_of(picture.sha256, width, "avif")) or b"")) as image:
            assert (image.format, image.width) == ("AVIF", width)
    encode_avif(picture.id)
    assert worker.run_due() == 0


def test_a_batch_tells_the_pages_once(app: Flask) -> None:
    for width in (200, 210, 220):
        take_in((width, 200))
    before = public_version()
    assert let_work() == 3
    assert public_version() == before + 1


def test_avif_waits_for_everything_else_and_is_no_sign_of_a_queue(
    app: Flask, client: FlaskClient, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setitem(worker.JOBS, "send_letter", lambda _job: done.append("letter"))
    monkeypatch.setitem(worker.JOBS, "encode_avif", lambda _job: done.append("avif"))
    take_in()
    clock.advance(minutes=30)
    assert client.get("/readyz").json["queue_seconds"] == 0
    with transaction():
        outbox.enqueue("send_letter", {"letter_id": 1})
    assert worker.run_due(but=outbox.PATIENT) == 1
    assert worker.run_due() == 1
    assert done == ["letter", "avif"]


def test_after_each_picture_the_worker_comes_back_to_its_rounds(app: Flask) -> None:
    for width in (200, 210):
        take_in((width, 200))
    assert [worker.run_due() for _turn in range(3)] == [1, 1, 0]


def test_a_picture_whose_file_is_gone_is_tried_again_and_not_offered(app: Flask, clock: VirtualClock) -> None:
    picture = take_in()
    lost = folder().folder / name_of(picture.sha256, picture.width, "jpg")
    body = lost.read_bytes()
    lost.unlink()
    assert worker.run_due() == 0
    assert picture.sha256 in str(db.session.query(Job).one().last_error)
    assert offered(picture) == ["image/webp"]
    lost.write_bytes(body)
    clock.advance(hours=2)
    assert worker.run_due() == 1
    assert offered(picture) == ["image/avif", "image/webp"]


@pytest.mark.both_databases
def test_pictures_of_before_are_asked_for_once(app: Flask) -> None:
    old = take_in(asked=False)
    take_in((300, 300), "gold")
    assert ask_for_all() == 1
    assert ask_for_all() == 0
    assert let_work() == 2
    assert offered(old)[0] == "image/avif"


def test_what_is_lost_is_made_anew_and_what_cannot_be_is_named(app: Flask) -> None:
    first, second = take_in(), take_in((300, 200), "gold")
    whole = dict(folder().list_names())
    lost = [name_of(first.sha256, 320, "webp"), name_of(first.sha256, 640, "jpg"), name_of(second.sha256, 300, "jpg")]
    for name in lost:
        (folder().folder / name).unlink()
    mended = mend_all(lambda _done, _total: None)
    assert (mended.pictures, mended.files, mended.gone) == (2, 5, [second.sha256])
    there = dict(folder().list_names())
    assert whole[lost[0]] == there[lost[0]]
    assert {name for name in whole if name not in there} == {lost[2]}
    assert offered(first) == ["image/avif", "image/webp"]
    assert mend_all(lambda _done, _total: None).files == 0
    with pytest.raises(PictureGone):
        write_missing(second.sha256, 300, ("avif",))


def test_the_tag_of_a_picture_offers_what_stands_and_keeps_its_place(app: Flask) -> None:
    picture = take_in()
    encode_avif(picture.id)
    db.session.refresh(picture)
    template = (
        '{% from "components/picture.html" import picture %}{{ picture(pic, sizes="50vw", first=first, lazy=lazy) }}'
    )
    with app.test_request_context("/en/"):
        tags = {
            (first, lazy): render_template_string(template, pic=picture_view(picture, "A bowl"), first=first, lazy=lazy)
            for first, lazy in ((True, False), (False, False), (False, True))
        }
    base = f"/media/{picture.sha256[:2]}/{picture.sha256}"
    for (first, lazy), tag in tags.items():
        assert tag.index('type="image/avif"') < tag.index('type="image/webp"') < tag.index("<img")
        assert f'srcset="{base}-320.avif 320w, {base}-640.avif 640w, {base}-700.avif 700w" sizes="50vw"' in tag
        assert f'<img src="{base}-640.jpg" width="700" height="500" alt="A bowl"' in tag
        assert f'data-colour="{picture.colour}"' in tag
        assert ('fetchpriority="high"' in tag, 'loading="lazy"' in tag) == (first, lazy)
