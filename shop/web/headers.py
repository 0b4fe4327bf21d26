"""Security headers of every answer, and of the one page that lets Stripe in."""

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.wrappers import Response as AnyResponse

from shop.core.config import STRIPE_JS
from shop.web.guards import stripe_origins

# ASVS 5.0 3.4: no inline script or style, nothing from elsewhere, nobody frames us.
POLICY = (
    "default-src 'self'; img-src 'self' data:{images}; object-src 'none'; base-uri 'none'; "
    "frame-ancestors {ancestors}; form-action 'self' {stripe}"
)


# What Stripe's script asks of the page it stands in, as Stripe lists it (docs.stripe.com/security/guide, "Content Security
# Policy"); without the maps that only its form for addresses uses, which we do not show.
STRIPE_SCRIPTS = "https://js.stripe.com https://*.js.stripe.com"
STRIPE_FRAMES = f"{STRIPE_SCRIPTS} https://hooks.stripe.com"
STRIPE_CALLS = "https://api.stripe.com"
STRIPE_IMAGES = "https://*.stripe.com"


def let_stripe_in(response: AnyResponse) -> AnyResponse:
    """Of the page with Stripe's form: its scripts, frames and calls, or those of the demonstration's double, and no others."""
    address = urlsplit(current_app.config["SETTINGS"].stripe_js_url)
    scripts, frames, calls, images = STRIPE_SCRIPTS, STRIPE_FRAMES, STRIPE_CALLS, STRIPE_IMAGES
    if address.geturl() != STRIPE_JS:
        scripts = frames = calls = images = f"{address.scheme}://{address.netloc}"
    response.headers["Content-Security-Policy"] = (
        _policy(f" {images}") + f"; script-src 'self' {scripts}; frame-src {frames}; connect-src 'self' {calls}"
    )
    # A bank or a wallet may open a window of its own, which has to find its way back.
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return response


def _policy(images: str = "") -> str:
    return POLICY.format(ancestors="'none'", stripe=" ".join(stripe_origins()), images=images)


def init_headers(app: Flask) -> None:
    secure = app.config["SETTINGS"].base_url.startswith("https:")
    with app.app_context():
        policy = _policy()

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if response.mimetype == "text/html" and "Content-Security-Policy" not in headers:
            headers["Content-Security-Policy"] = policy
        if secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.path.startswith(("/artisan", "/staff")):
            headers["Cache-Control"] = "private, no-store"
        return response
