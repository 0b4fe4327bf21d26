"""The database is held by another, full, away or restarted: a sentence instead of an error, nothing half done, no restart."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from shop import worker
from shop.app import create_app
from shop.catalogue.currencies import list_currencies
from shop.catalogue.models import Product, Variant
from shop.core import db as database
from shop.core import kept, outbox
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.orders.models import Cart
from tests.builders import make_account, make_product, sign_in
from tests.conftest import make_settings
from tests.postgresql import OwnServer


@pytest.fixture
def impatient(app: Flask) -> None:
    """A writer waits a twentieth of a second instead of ten seconds, a caller of a server that is away not at all."""

    def hurry(connection: Any, _record: Any, _proxy: PoolProxiedConnection) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    if db.engine.dialect.name == "sqlite":
        event.listen(db.engine, "checkout", hurry)


@pytest.fixture
def rug(app: Flask) -> dict[str, str]:
    """The form that puts a piece into a cart."""
    return form_of(make_product())


def form_of(variant: Variant) -> dict[str, str]:
    piece = db.session.get_one(Product, variant.product_id).public_id
    form = {"product": piece, "variant": str(variant.id), "quantity": "1"}
    # No read stays open, as none does between two requests.
    db.session.rollback()
    return form


def put_into_cart(client: FlaskClient, piece: dict[str, str]) -> Any:
    return client.post("/fr/cart", data=piece, headers={"Origin": "http://localhost"})


def count_carts() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Cart.id))) or 0


def other(app: Flask) -> Engine:
    """The database as another process sees it."""
    url = app.config["SETTINGS"].database_url
    return create_engine(url, **database.engine_options(url))


@pytest.mark.usefixtures("impatient")
def test_a_writer_is_told_that_another_holds_the_database_and_readers_go_on(
    app: Flask, client: FlaskClient, rug: dict[str, str]
) -> None:
    with other(app).connect() as rival:
        rival.exec_driver_sql("ROLLBACK")
        rival.exec_driver_sql("BEGIN IMMEDIATE")
        refused = put_into_cart(client, rug)
        assert refused.status_code == 503
        assert "Rien n’est perdu." in refused.text
        assert refused.headers["Retry-After"] == "30"
        assert client.get("/fr/products").status_code == 200
        rival.exec_driver_sql("ROLLBACK")
    assert count_carts() == 0
    assert put_into_cart(client, rug).status_code == 303
    assert count_carts() == 1


def test_writers_who_wait_in_vain_leave_threads_for_readers(
    app: Flask, client: FlaskClient, rug: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_line", database.Line(most=2, seconds=0))
    answers: list[int] = []

    def wait() -> None:
        with app.app_context():
            answers.append(put_into_cart(app.test_client(), rug).status_code)

    waiting = [threading.Thread(target=wait) for _writer in range(2)]
    with other(app).connect() as rival:
        rival.exec_driver_sql("ROLLBACK")
        rival.exec_driver_sql("BEGIN IMMEDIATE")
        for writer in waiting:
            writer.start()
        while len(database._line._since) < 2:
            threading.Event().wait(0.01)
        # It would wait ten seconds, and the two with it; now it is told at once.
        assert put_into_cart(client, rug).status_code == 503
        assert answers == []
        assert client.get("/fr/products").status_code == 200
        rival.exec_driver_sql("ROLLBACK")
    for writer in waiting:
        writer.join()
    assert answers == [303, 303]


def test_a_full_disk_refuses_writes_shows_pages_and_recovers_by_itself(
    app: Flask, client: FlaskClient, rug: dict[str, str]
) -> None:
    room = {"pages": 1}

    def limit(connection: Any, _record: Any, _proxy: PoolProxiedConnection) -> None:
        # Never below what the database has already.
        connection.execute(f"PRAGMA max_page_count={room['pages']}")

    event.listen(db.engine, "checkout", limit)
    statuses = []
    while 503 not in statuses and len(statuses) < 400:
        statuses.append(put_into_cart(app.test_client(), rug).status_code)
    assert statuses[-1] == 503
    assert count_carts() == len(statuses) - 1
    assert client.get("/fr/products").status_code == 200
    assert client.get("/fr/cart").status_code == 200
    room["pages"] = 1_000_000
    assert put_into_cart(client, rug).status_code == 303
    assert count_carts() == len(statuses)


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """A server that these tests may stop, with an empty shop as template1."""
    server = OwnServer()
    app = create_app(make_settings(tmp_path_factory.mktemp("own"), server.url("template1")))
    with app.app_context():
        db.create_all()
        db.session.remove()
        db.engine.dispose()
    yield server
    server.close()


class TestARestartOfPostgresql:
    @pytest.fixture
    def database_url(self, own_server: OwnServer) -> str:
        return own_server.create_database()

    def test_between_two_requests_is_noticed_by_nobody(
        self, app: Flask, own_server: OwnServer, rug: dict[str, str]
    ) -> None:
        assert put_into_cart(app.test_client(), rug).status_code == 303
        own_server.cut()
        own_server.start()
        assert put_into_cart(app.test_client(), rug).status_code == 303
        assert count_carts() == 2

    def test_lets_a_request_wait_until_the_server_is_back(
        self, app: Flask, own_server: OwnServer, rug: dict[str, str]
    ) -> None:
        own_server.cut()
        back = threading.Timer(0.3, own_server.start)
        back.start()
        assert put_into_cart(app.test_client(), rug).status_code == 303
        back.join()
        assert count_carts() == 1

    def test_in_the_middle_of_a_transaction_costs_that_request_and_leaves_nothing_half_done(
        self, app: Flask, own_server: OwnServer, rug: dict[str, str]
    ) -> None:
        def cut(*_given: Any) -> None:
            event.remove(db.session, "before_commit", cut)
            db.session.flush()
            own_server.cut()
            own_server.start()

        event.listen(db.session, "before_commit", cut)
        assert put_into_cart(app.test_client(), rug).status_code == 503
        assert count_carts() == 0
        assert put_into_cart(app.test_client(), rug).status_code == 303

    def test_after_the_last_statement_of_a_request_costs_nobody_the_answer(
        self, app: Flask, own_server: OwnServer, rug: dict[str, str]
    ) -> None:
        def cut(response: Response) -> Response:
            db.session.execute(select(Cart.id)).all()
            own_server.cut()
            own_server.start()
            return response

        app.after_request(cut)
        # In a thread, where the request has a context and a session of its own, as in a server.
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(lambda: FlaskClient(app, Response).get("/fr/cart").status_code).result() == 200

    def test_while_the_currencies_are_read_is_made_good_by_the_next_statement(
        self, app: Flask, own_server: OwnServer
    ) -> None:
        known = list_currencies()
        db.session.execute(select(Cart.id)).all()
        kept.forget_all()
        own_server.cut()
        own_server.start()
        assert list_currencies() == known
        assert db.session.execute(select(Cart.id)).all() == []

    def test_while_the_currencies_are_read_in_a_transaction_ends_it(self, app: Flask, own_server: OwnServer) -> None:
        def change() -> None:
            with transaction():
                db.session.execute(select(Cart.id)).all()
                kept.forget_all()
                own_server.cut()
                own_server.start()
                list_currencies()

        with pytest.raises(DBAPIError):
            change()

    def test_that_takes_too_long_is_told_in_a_sentence_while_kept_pages_go_on(
        self,
        app: Flask,
        client: FlaskClient,
        own_server: OwnServer,
        rug: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        officer = app.test_client()
        sign_in(officer, make_account("staff"))
        seen = client.get("/fr/products").text
        # Not as in tests, where an error that no handler took is raised.
        app.config.update(PROPAGATE_EXCEPTIONS=False, TESTING=False)
        monkeypatch.setattr(database, "_patience", database.Patience(0))
        own_server.cut()
        try:
            assert client.get("/fr/products").text == seen
            assert put_into_cart(client, rug).status_code == 503
            assert officer.get("/staff/orders").status_code == 503
            refused = client.get("/api/v1/reports/artisan-sales", headers={"Authorization": "Bearer x"})
            assert (refused.status_code, refused.json["detail"]) == (503, "Nothing is lost. Try again in a minute.")
        finally:
            own_server.start()
        assert officer.get("/staff/orders").status_code == 200

    def test_under_the_worker_makes_it_do_the_job_again(
        self, app: Flask, clock: VirtualClock, own_server: OwnServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun, stop = [], threading.Event()

        def job(_payload: Any) -> None:
            begun.append(count_carts())
            if len(begun) == 1:
                own_server.cut()
                own_server.start()
            db.session.execute(select(Cart.id)).all()
            stop.set()

        with transaction():
            outbox.enqueue("probe", {}, key="probe")
        monkeypatch.setitem(worker.JOBS, "probe", job)
        monkeypatch.setattr(worker, "ROUNDS", (("tick", lambda: clock.advance(minutes=1), timedelta(0)),))
        worker.work(stop, pause_seconds=0.01)
        assert len(begun) == 2
