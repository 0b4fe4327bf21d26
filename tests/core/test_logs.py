"""Log lines that a machine can read."""

import json
import logging
import sys

from shop.core.logs import JsonLines


def test_a_line_is_one_json_object_with_its_traceback() -> None:
    try:
        raise ZeroDivisionError("nothing to share")
    except ZeroDivisionError:
        record = logging.LogRecord("shop.worker", logging.ERROR, __file__, 1, "job %s failed", (7,), sys.exc_info())
    text = JsonLines().format(record)
    assert "\n" not in text
    line = json.loads(text)
    assert (line["level"], line["logger"], line["message"]) == ("error", "shop.worker", "job 7 failed")
    assert "nothing to share" in line["traceback"]
