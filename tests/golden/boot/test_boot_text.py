"""Boot text of each role as a machine sees it: commands, then every file; the archive is opened."""

import golden_files
import pytest
import yaml
from boot import samples

from confkube import bootstrap
from confkube.bootstrap.document import written

RENDER = {
    "control-plane": (bootstrap.control_plane, samples.control_plane),
    "worker": (bootstrap.worker, samples.worker),
    "trust-server": (bootstrap.trust_server, samples.trust_server),
}


def shown(text):
    """User data as a reader sees it on the machine: commands, then every file; the archive's are opened."""
    document = yaml.safe_load(text)
    head = {key: value for key, value in document.items() if key != "write_files"}
    parts = [yaml.safe_dump(head, width=200)]
    parts += [f"=== {f.path} {f.mode:04o}{' (packed)' if f.bundled else ''}\n{f.text}" for f in written(text)]
    return "\n".join(parts)


@pytest.mark.parametrize("role", RENDER)
def test_golden(role):
    render, sample = RENDER[role]
    golden_files.check(f"boot/{role}.txt", shown(render(sample())))
