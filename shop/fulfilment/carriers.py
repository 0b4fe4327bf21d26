"""Where a carrier shows what has become of a parcel."""

from urllib.parse import quote

# By the beginning of the carrier's name, as its own pages are addressed.
PAGES = {
    "dhl": "https://www.dhl.com/en/express/tracking.html?AWB=",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr=",
    "ups": "https://www.ups.com/track?tracknum=",
}


def tracking_url(carrier: str, tracking: str) -> str:
    """Address of a parcel at its carrier; empty for a carrier we do not know."""
    first = carrier.strip().casefold().partition(" ")[0]
    return PAGES[first] + quote(tracking, safe="") if first in PAGES and tracking else ""
