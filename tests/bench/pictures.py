"""`python -m tests.bench.pictures [--rounds N]`: a photo of twelve megapixels, our way beside the plain way with Pillow.

Both make four widths in WebP and AVIF at the same qualities; ours makes JPEG besides, and keeps all of it on a disk. The
plain way decodes the whole, makes each width from it and takes Pillow's defaults. Each turn is a process of its own, ours
and the plain one alternating. Exit code 1 if ours takes more than RATIO of the plain way's seconds on a core, or more than
MEGABYTES, of a photo held wide or upright, by the camera's note or in its points.
"""

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageOps

RATIO, MEGABYTES = 0.5, 140
SIZE = (4032, 3024)  # twelve megapixels, as a telephone takes them
# How the telephone was held: the camera's note, whether the points lie upright in the file, and the widths that are made.
HELD = {
    "wide": (1, False, (320, 640, 960, 1600)),
    "turned": (6, False, (320, 640, 960, 1239)),
    "tall": (1, True, (320, 640, 960, 1239)),
}


def make_photo(path: Path, orientation: int, *, tall: bool = False) -> None:
    """Texture at every scale, the coarse strongest: what photographs have, and one noise alone has not."""
    size = SIZE[::-1] if tall else SIZE
    bands = [Image.new("L", size, 128) for _band in range(3)]
    for octave in range(1, 9):
        grain = (size[0] >> (9 - octave), size[1] >> (9 - octave))
        share = 0.5 if octave < 3 else 0.55 / (octave + 0.6)
        for number, band in enumerate(bands):
            noise = Image.effect_noise(grain, 110).resize(size, Image.Resampling.BICUBIC)
            bands[number] = Image.blend(band, noise, share)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.merge("RGB", bands).save(path, "JPEG", quality=90, exif=exif)


def _plain(data: bytes, widths: tuple[int, ...]) -> list[int]:
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    made = []
    for width in widths:
        smaller = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
        for kind, quality in (("WEBP", 80), ("AVIF", 55)):
            buffer = io.BytesIO()
            smaller.save(buffer, kind, quality=quality)
            made.append(width)
    return made


def _ours(data: bytes, _widths: tuple[int, ...]) -> list[int]:
    # What the plain way does not need must not be in its process.
    from shop.media.images import clean  # noqa: PLC0415
    from shop.media.renditions import write_missing  # noqa: PLC0415
    from shop.media.storage import store  # noqa: PLC0415

    cleaned = clean(data)
    write_missing(cleaned.sha256, cleaned.width, ("avif",))
    names = [name for name, _bytes in store().list_names()]
    return sorted(int(name.rpartition("-")[2].partition(".")[0]) for name in names if not name.endswith(".jpg"))


def take_turn(way: str, path: Path, widths: tuple[int, ...]) -> dict[str, Any]:
    """One turn, in a process of its own: seconds, seconds on a core of all its threads, and memory, all in all.

    Raises RuntimeError if other widths were made than `widths`, each in two formats.
    """
    data, work = path.read_bytes(), _plain
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as folder:
        if way == "ours":
            from shop.core import runtime  # noqa: PLC0415
            from shop.core.config import from_environment  # noqa: PLC0415

            runtime.install(from_environment({"SHOP_INSTANCE": folder}))
            import shop.media.renditions  # noqa: F401, PLC0415

            work = _ours
        before = _peak()
        begun, spent = time.perf_counter(), time.process_time()
        made = work(data, widths)
        took = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - spent}
        if made != [width for width in widths for _format in ("webp", "avif")]:
            raise RuntimeError(f"{way}: files of the widths {made} instead of {widths}")
        return {**took, "before": before, "peak": _peak()}


def _peak() -> float:
    # The kernel's own mark: what getrusage tells begins with the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measure(rounds: int) -> dict[str, dict[str, dict[str, float]]]:
    """Medians by how the photo was held and by way, and the size of the photo."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as folder:
        for held, (orientation, tall, _widths) in HELD.items():
            path = Path(folder) / f"{held}.jpg"
            make_photo(path, orientation, tall=tall)
            turns: dict[str, list[dict[str, float]]] = {"plain": [], "ours": []}
            for _round in range(rounds):
                for way, results in turns.items():
                    results.append(_run(way, path))
            found[held] = {
                way: {name: statistics.median(one[name] for one in results) for name in results[0]}
                for way, results in turns.items()
            }
            found[held]["photo"] = {"megabytes": path.stat().st_size / 1e6}
    return found


def _run(way: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.pictures", "--turn", way, "--photo", str(path)]
    answer: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return answer


def lines(found: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """What was measured, a line for each way to hold the telephone; one over its limits ends with ": OVER"."""
    told = ["Photo of 12 megapixels to four widths in WebP and AVIF, ours with JPEG and disk:"]
    for held, ways in found.items():
        ours, plain = ways["ours"], ways["plain"]
        judged = ": OVER" if ours["cpu"] > RATIO * plain["cpu"] or ours["peak"] > MEGABYTES else ""
        told.append(
            f"  {held + ',':8} {ways['photo']['megabytes']:.1f} MB: {ours['cpu'] / plain['cpu']:.2f} × the plain way’s seconds on a "
            f"core ({ours['cpu']:.2f} and {plain['cpu']:.2f}), {ours['seconds'] / plain['seconds']:.2f} × by the clock; memory "
            f"{ours['peak']:.0f} and {plain['peak']:.0f} MB, {ours['before']:.0f} and {plain['before']:.0f} before the first "
            f"point; at most {RATIO:g} × and {MEGABYTES} MB{judged}"
        )
    return told


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pictures")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turn", choices=("plain", "ours"), help=argparse.SUPPRESS)
    parser.add_argument("--photo", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.turn:
        print(json.dumps(take_turn(given.turn, given.photo, HELD[given.photo.stem][2])))
        return 0
    told = lines(measure(given.rounds))
    print("\n".join(told))
    return int(any(line.endswith(": OVER") for line in told))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
