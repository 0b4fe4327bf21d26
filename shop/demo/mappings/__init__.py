"""Column mappings for public data sets, to try the imports with. Only TOML files."""

from pathlib import Path

FOLDER = Path(__file__).parent
