"""The settings of the running process, for code below the web: workers, letters, documents."""

from shop.core.config import Settings

_default: list[Settings] = []


def install(settings: Settings) -> None:
    """Called by the app factory; the latest app of a process wins, as tests make several one after another."""
    _default[:] = [settings]


def settings() -> Settings:
    """Effective settings; raises RuntimeError before an app was made."""
    if not _default:
        raise RuntimeError("no app has been created yet")
    return _default[0]
