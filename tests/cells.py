"""Which cells (model x cloud x TEE) go up and which are refused, computed from the capability table."""

from dataclasses import dataclass
from pathlib import Path

import recorder

from confkube import facts
from confkube.facts.docs import matrix
from confkube.facts.words import CLOSED

STACKS = Path(__file__).parents[1] / "stacks" / "config"


@dataclass(frozen=True)
class Combination:
    """A model with a TEE on a cloud."""

    model: str
    cloud: str
    tee: str
    status: str
    reason: str

    @property
    def stack(self):
        """Name of its stack file; the lab has one a model, as its TEEs exist in name only."""
        return f"{self.model}-lab" if self.cloud == "lab" else f"{self.model}-{self.cloud}-{self.tee}"


ALL = tuple(Combination(each.model, each.cloud, each.tee, each.status, each.reason) for each in matrix())
BLOCKS = {
    "aws": {"zone": "us-east-2a"},
    "azure": {
        "subscription": recorder.Recorder().subscription[0],
        "tenant": recorder.Recorder().subscription[1],
        "location": "westus",
    },
    "gcp": {"project": "my-project", "zone": "us-central1-a"},
    "lab": {},
    "metal": {
        "hosts": [
            {"name": "one", "address": "192.0.2.1", "host_key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43}"},
            {
                "name": "two",
                "address": "192.0.2.2",
                "tee": "snp",
                "host_key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'B' * 43}",
            },
        ]
    },
}
"""A platform block of each cloud."""

GOING_UP = tuple(each for each in ALL if each.status not in CLOSED)
REFUSED = tuple(each for each in ALL if each.status in CLOSED)


def files():
    """Names of the committed stack files."""
    return {path.name.split(".")[1] for path in STACKS.glob("Pulumi.*.yaml")}


def lives(cloud):
    """Stacks whose life on a simulated cloud is short: all that exist there but those with a long life of their own."""
    long = {
        path.stem.removeprefix("test_").replace("_", "-") for path in Path(__file__).parent.glob("engine/test_*.py")
    }
    return sorted(name for name in files() if f"-{cloud}-" in name and name not in long)


def placeholders(model):
    """Arguments that a model wants beside platform and TEE."""
    archive = {"url": "https://example.org/file", "sha256": "0123456789abcdef" * 4}
    container = f"registry.example.org/key-broker-service@sha256:{'0123456789abcdef' * 4}"
    found = {"allow": list(facts.GUARDED)}
    if facts.models()[model].trust == "trustee":
        found["trust"] = {"server": {"container": container}}
    if model == "nested-nodes":
        found["children"] = {"image": archive}
    if model == "coco-peer-pods":
        found["pods"] = [{"image": {"id": "an-image"}}]
    return found
