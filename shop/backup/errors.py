"""Why a backup was not made or not put back; each a sentence for whoever keeps the machine."""

from shop.core.errors import ShopError


class BackupFailed(ShopError):
    """No backup was written; what was there before is untouched."""


class RestoreRefused(ShopError):
    """Nothing was put back; the installation is as it was."""
