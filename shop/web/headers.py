"""Security headers of every answer."""

from flask import Flask, Response, request

from shop.web.guards import stripe_origins

# ASVS 5.0 3.4: no inline script or style, nothing from elsewhere, nobody frames us.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors {ancestors}; form-action 'self' {stripe}"
)


def init_headers(app: Flask) -> None:
    secure = app.config["SETTINGS"].base_url.startswith("https:")

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if response.mimetype == "text/html" and "Content-Security-Policy" not in headers:
            headers["Content-Security-Policy"] = POLICY.format(ancestors="'none'", stripe=" ".join(stripe_origins()))
        if secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.path.startswith(("/artisan", "/staff")):
            headers["Cache-Control"] = "private, no-store"
        return response
