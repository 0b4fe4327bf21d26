"""Letters of an order at the staff door: how far each has come, and sent again."""

from flask.testing import FlaskClient

from shop.core.db import transaction
from shop.notifications.queries import list_order_letters
from tests.payments.sales import sell
from tests.stripe_bench import Bench
from tests.web.staff.page import send, text_of


def test_a_letter_is_seen_with_its_state_and_sent_again_once_it_has_gone(office: FlaskClient, bench: Bench) -> None:
    sale = sell(bench, 1)
    page = f"/staff/orders/{sale.order.number}"
    with transaction():
        [letter] = list_order_letters(sale.order.id)
        letter.sent_at = None
    again = f"{page}/letters/{letter.public_id}/again"
    assert "Waits to be sent" in text_of(office.get(page))
    assert again not in office.get(page).text
    assert send(office, page, again).status_code == 409
    with transaction():
        list_order_letters(sale.order.id)[0].error = "ConnectionRefusedError: no mail server"
    assert "Failed, is tried again" in text_of(office.get(page))
    with transaction():
        letter = list_order_letters(sale.order.id)[0]
        letter.error, letter.sent_at = None, letter.created_at
    assert again in office.get(page).text
    # Two touches of the button send one.
    assert [send(office, page, again).status_code for _ in range(2)] == [303, 409]
    bench.work()
    first, second = list_order_letters(sale.order.id)
    assert (first.kind, first.recipient, first.data) == (second.kind, second.recipient, second.data)
    assert second.sent_at is not None
    assert send(office, page, f"{page}/letters/nothing/again").status_code == 404
