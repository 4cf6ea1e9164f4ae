"""Golden files: what a test renders is compared with what was committed; ``CONFKUBE_GOLDEN=write`` writes it anew."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check(name, text):
    """Compare ``text`` with the golden file ``name``; with CONFKUBE_GOLDEN=write, write it instead."""
    path = FOLDER / name
    if os.environ.get("CONFKUBE_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.is_file(), f"{name} is missing; write it with: make golden"
    assert text == path.read_text(), f"{name} has changed; if that is meant, write it with: make golden"
