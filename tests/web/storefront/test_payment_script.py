"""The script of the payment page is held to the types that Stripe publishes for its own."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.__main__ import ROOT, find_stripe_types

SCRIPT = ROOT / "static" / "js" / "pay.js"
OPTIONS = {
    "allowJs": True,
    "checkJs": True,
    "noEmit": True,
    "strict": True,
    "target": "es2022",
    "module": "es2022",
    "moduleResolution": "bundler",
    "lib": ["es2022", "dom", "dom.iterable"],
    "types": [],
}


def check(folder: Path, script: str) -> str:
    """What the compiler finds in a script; nothing when all is well."""
    found = find_stripe_types()
    if found is None:
        pytest.skip(
            "no types of Stripe's script: npm install @stripe/stripe-js@9 typescript@5, and name the folder of "
            "node_modules in STRIPE_JS_TYPES"
        )
    (folder / "pay.js").write_text(script, encoding="utf-8")
    paths = {"@stripe/stripe-js": [str(found / "@stripe" / "stripe-js")]}
    options = {"compilerOptions": {**OPTIONS, "paths": paths}, "files": ["pay.js"]}
    (folder / "tsconfig.json").write_text(json.dumps(options), encoding="utf-8")
    command = ["node", str(found / "typescript" / "bin" / "tsc"), "-p", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert bool(done.returncode) == bool(done.stdout), done.stdout + done.stderr
    return done.stdout


def test_the_script_calls_stripes_as_its_types_say(tmp_path: Path) -> None:
    assert check(tmp_path, SCRIPT.read_text(encoding="utf-8")) == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("createPaymentElement(", "createPaymentForm("),
        ("clientSecret: known.secret", "clientSecrets: known.secret"),
        ('redirect: "if_required"', 'redirect: "never"'),
        ("getSession().status.type", "getSession().state.type"),
    ],
)
def test_a_call_that_stripe_does_not_know_is_found(tmp_path: Path, right: str, wrong: str) -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    assert script.count(right) == 1
    assert "error TS" in check(tmp_path, script.replace(right, wrong))
