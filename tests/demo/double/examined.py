"""A double as a process of its own whose traffic is held to Stripe's specification: for drills.

    python -m tests.demo.double.examined PORT STATE_FILE WEBHOOK_URL WEBHOOK_SECRET SEED

`GET /_ctl/violations` tells what was found so far, and how often each operation was called. An empty STATE_FILE keeps
the state in memory, an empty WEBHOOK_URL sends no webhooks.
"""

import sys

from shop.demo.double.serve import serve
from tests.demo.double.spec import SpecObserver


def main(port: str, path: str, webhook_url: str, webhook_secret: str, seed: str) -> None:
    serve("127.0.0.1", int(port), path or None, webhook_url or None, [webhook_secret], int(seed), SpecObserver())


if __name__ == "__main__":
    main(*sys.argv[1:])
