"""The signed link that opens an order. Whoever holds it sees the order; nobody guesses it."""

from itsdangerous import BadSignature, URLSafeSerializer

from shop.orders.models import Order

_SALT = "order-link"


def order_token(number: str, secret: str) -> str:
    """The signature that travels beside an order's number. It does not expire: letters are read years later."""
    return str(URLSafeSerializer(secret, salt=_SALT).dumps(number)).rpartition(".")[2]


def order_path(order: Order, secret: str) -> str:
    """Address of an order's page in the order's language, without the host."""
    return _path(order, "", secret)


def withdrawal_path(order: Order, secret: str) -> str:
    """Address of the page on which a buyer withdraws from the contract, as order_path."""
    return _path(order, "/withdraw", secret)


def _path(order: Order, page: str, secret: str) -> str:
    return f"/{order.language}/orders/{order.number}{page}?t={order_token(order.number, secret)}"


def opens(number: str, token: str | None, secret: str) -> bool:
    """Whether a token opens an order of this number; compared in constant time."""
    if not token:
        return False
    serializer = URLSafeSerializer(secret, salt=_SALT)
    try:
        serializer.loads(f"{serializer.dumps(number).rpartition('.')[0]}.{token}")
    except BadSignature:
        return False
    return True
