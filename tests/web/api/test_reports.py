"""The API of reports: keys, filters, problems, and the description it keeps to."""

import json
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from shop.accounts.models import Account
from shop.accounts.tokens import create_token, find_token, list_tokens, revoke_token
from shop.core.clock import now
from shop.core.db import db, transaction
from shop.core.errors import NotFound
from shop.core.ids import public_id
from shop.reports.command import report
from shop.reports.filters import ReportFilters
from shop.reports.json_out import to_data
from shop.reports.sales import artisan_sales
from shop.web.api.openapi import describe
from tests.reports import books
from tests.reports.books import Sold, utc

ADDRESS = "/api/v1/reports/artisan-sales"
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


def account(role: str = "staff") -> Account:
    officer = Account(
        public_id=public_id(), role=role, name="Officer", language="fr", secret_hash="!", created_at=utc(2026, 1, 1)
    )
    db.session.add(officer)
    db.session.flush()
    return officer


@pytest.fixture
def key(app: Flask) -> str:
    with transaction():
        return create_token(account().id, "statistics")


@pytest.fixture
def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def march(app: Flask) -> None:
    with transaction():
        books.rate("EUR", date(2026, 3, 6), 10_750_000)
        sold = Sold(books.unit("Aït Bouguemez"), 32000, handed_over_at=utc(2026, 3, 9, 12))
        books.balance_arrives(books.paid_order([sold], utc(2026, 3, 7, 12), shipping=6000), 980)


def schema(name: str) -> dict[str, Any]:
    return {**describe("http://localhost"), "$ref": f"#/components/schemas/{name}"}


def test_page_command_and_api_say_the_same(client: FlaskClient, bearer: dict[str, str], march: None) -> None:
    answer = client.get(ADDRESS, query_string=MARCH, headers=bearer)
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    data = answer.get_json()
    expected = to_data(artisan_sales(ReportFilters(date(2026, 3, 1), date(2026, 3, 31))))
    assert data == expected
    assert data["rows"][0]["net_mad_minor"] == 344000
    run = CliRunner().invoke(
        report, ["artisan-sales", "--from", "2026-03-01", "--to", "2026-03-31", "--format", "json"]
    )
    assert run.exit_code == 0
    assert json.loads(run.stdout_bytes) == expected


def test_the_answer_is_as_described(client: FlaskClient, bearer: dict[str, str], march: None) -> None:
    Draft202012Validator(schema("Report")).validate(
        client.get(ADDRESS, query_string={**MARCH, "source": "all"}, headers=bearer).get_json()
    )


def test_the_table_of_the_same_name_has_the_rows(client: FlaskClient, bearer: dict[str, str], march: None) -> None:
    answer = client.get(f"{ADDRESS}.csv", query_string=MARCH, headers=bearer)
    assert answer.mimetype == "text/csv"
    assert b",EUR,1,1,1,32000,0,32000,344000,3200,825,27975,0" in answer.data


def test_names_come_in_the_language_asked_for(client: FlaskClient, bearer: dict[str, str], march: None) -> None:
    answer = client.get(ADDRESS, query_string=MARCH, headers={**bearer, "Accept-Language": "fr"})
    assert answer.get_json()["rows"][0]["unit_name"] == "Aït Bouguemez (fr)"
    assert "Accept-Language" in answer.headers["Vary"]


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer shop_api_wrong", "Basic dXNlcjpwYXNz"])
def test_nobody_reads_without_a_key(client: FlaskClient, key: str, header: str) -> None:
    answer = client.get(ADDRESS, query_string=MARCH, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    Draft202012Validator(schema("Problem")).validate(json.loads(answer.data))


def test_a_revoked_key_and_one_of_a_closed_account_open_nothing(app: Flask) -> None:
    with transaction():
        first, second = account(), account()
        keys = [create_token(entry.id, "x") for entry in (first, second)]
    assert all(find_token(value) for value in keys)
    with transaction():
        revoke_token(list_tokens(first.id)[0].id, actor=None)
        db.session.get_one(Account, second.id).archived_at = now()
    assert [find_token(value) for value in keys] == [None, None]
    assert list_tokens(first.id) == []


def test_a_key_is_for_staff_and_its_text_is_not_kept(app: Flask) -> None:
    with transaction():
        maker = account("artisan")
    with pytest.raises(NotFound), transaction():
        create_token(maker.id, "x")
    with transaction():
        officer = account()
        value = create_token(officer.id, "x")
    assert value not in str(vars(list_tokens(officer.id)[0]))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"to": "2026-03-31"}, "from"),
        ({**MARCH, "from": "01/03/2026"}, "from"),
        ({**MARCH, "to": "2026-02-01"}, "to"),
        ({**MARCH, "to": "9999-12-31"}, "to"),
        ({**MARCH, "basis": "shipped"}, "basis"),
        ({**MARCH, "source": "both"}, "source"),
        ({**MARCH, "programme": "nobody"}, "programme"),
        ({**MARCH, "edition": "nobody"}, "edition"),
        ({**MARCH, "family": "nobody"}, "family"),
        ({**MARCH, "country": "XX"}, "country"),
        ({**MARCH, "programm": "kenz"}, "programm"),
    ],
)
def test_a_bad_filter_is_named(client: FlaskClient, bearer: dict[str, str], query: dict[str, str], field: str) -> None:
    answer = client.get(ADDRESS, query_string=query, headers=bearer)
    assert answer.status_code == 422
    problem = json.loads(answer.data)
    Draft202012Validator(schema("Problem")).validate(problem)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["detail"]


def test_a_filter_given_twice_is_refused(client: FlaskClient, bearer: dict[str, str]) -> None:
    answer = client.get(f"{ADDRESS}?from=2026-03-01&to=2026-03-31&country=FR&country=DE", headers=bearer)
    assert answer.status_code == 422


def test_the_description_is_openapi_and_covers_every_route(client: FlaskClient, app: Flask) -> None:
    document = client.get("/api/openapi.json").get_json()
    assert document["openapi"].startswith("3.1.")
    assert set(document) >= {"info", "paths", "components", "security"}
    routes = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert routes == {*document["paths"], "/api/openapi.json"}
    for path in document["paths"].values():
        for operation in path.values():
            assert set(operation) >= {"operationId", "summary", "parameters", "responses"}
            assert set(operation["responses"]) == {"200", "401", "422"}
    for name, part in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(part)
        assert part["type"] == "object", name
    for reference in _references(document):
        found: Any = document
        for key in reference.removeprefix("#/").split("/"):
            found = found[key]


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [entry for value in part.values() for entry in _references(value)]
    if isinstance(part, list):
        return [entry for value in part for entry in _references(value)]
    return []


@pytest.mark.parametrize("arguments", [["--to", "2026-03-31"], ["--from", "x", "--to", "2026-03-31"]])
def test_wrong_usage_of_the_command_exits_with_two(app: Flask, arguments: list[str]) -> None:
    run = CliRunner().invoke(report, ["artisan-sales", *arguments])
    assert run.exit_code == 2
    assert run.output


def test_the_command_writes_a_file(app: Flask, march: None, tmp_path: Any) -> None:
    out = tmp_path / "report.pdf"
    options = ["--from", "2026-03-01", "--to", "2026-03-31", "--format", "pdf", "--lang", "ar", "--out", str(out)]
    assert CliRunner().invoke(report, ["artisan-sales", *options]).exit_code == 0
    assert out.read_bytes().startswith(b"%PDF-")
