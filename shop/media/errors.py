"""Why a picture is not taken."""

from shop.core.errors import Invalid


class PictureRefused(Invalid):
    """`reason` is empty, too_heavy, too_large, too_small, heic, kind or broken; `text` says what to do instead."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text, {"photos": text}, reason=reason)
        self.reason = reason
