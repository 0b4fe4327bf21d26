from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shop.i18n import messages


@pytest.fixture
def arabic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Put these entries into an Arabic catalogue of their own and read that one."""
    path = tmp_path / "ar" / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    monkeypatch.setattr(messages, "folder", lambda: tmp_path)

    def write(entries: str) -> None:
        header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: '
        path.write_text(f'{header}{messages.PLURAL_FORMS["ar"]}\\n"\n\n{entries}', encoding="utf-8")
        messages.reload()

    yield write
    messages.reload()
