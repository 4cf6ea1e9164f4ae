"""Renders the user data of a trust server that runs SPIRE."""

from confkube.attest.plugin import Plugin
from confkube.attest.spire import ServerConfig
from confkube.bootstrap.document import Machine
from confkube.bootstrap.files import BootFile, plain
from confkube.bootstrap.leaves import leaf_files, leaf_units
from confkube.bootstrap.parts import ETC, TRUST_ROOT, common_files, finish, scripts, units
from confkube.bootstrap.relying_party_parts import UNIT as RELYING_PARTY
from confkube.bootstrap.relying_party_parts import relying_party_files, relying_party_leaf
from confkube.bootstrap.values import TrustServerBoot

ENROLMENT_PORT = 8082
"""Port of a trust server that hands out /request.pem and takes /intermediate.pem, over plain HTTP.

Neither is secret, and a certificate is only taken when it is for the machine's own key and under the pinned root.
"""

TRUST_STATE = "/var/lib/confkube/trust"
"""Where a trust server keeps its key and its certificate."""
ENROLMENT_UNITS = ("confkube-trust-key", "confkube-trust-door.socket", "confkube-trust-accept.path")
"""What makes a trust server's key and waits for its certificate."""


def enrolment_files(root_pem: str) -> list[BootFile]:
    """Return what a trust server of any kind needs to be enrolled."""
    return [
        plain(TRUST_ROOT, root_pem, 0o644),
        *scripts("trust-key.sh", "trust-accept.sh", "trust-door.py"),
        *units(
            "confkube-trust-key.service",
            "confkube-trust-accept.service",
            "confkube-trust-accept.path",
            "confkube-trust-door.socket",
            "confkube-trust-door@.service",
        ),
    ]


def trust_server(boot: TrustServerBoot) -> str:
    """Return the user data of the trust server.

    Raises:
        Refusal: It is larger than the platform takes, or a value cannot be carried.
    """
    software = boot.software
    server = ServerConfig(
        bind_port=boot.bind_port,
        trust_domain=boot.trust_domain,
        node_attestor=Plugin.parse("node_attestor_server", boot.profile.node_attestor_server),
        certificate_path=f"{TRUST_STATE}/intermediate.pem",
        key_path=f"{TRUST_STATE}/private/key.pem",
        root_path=TRUST_ROOT,
    )
    variables = {
        "CONTAINERD": "",
        "PACKAGES": " ".join(sorted({*software.packages, *software.trust_packages})),
        "TRUST_DOMAIN": boot.trust_domain,
        "TRUST_UNITS": " ".join(["spire-server.service", *([RELYING_PARTY] if boot.relying_party else [])]),
    }
    files = [
        *common_files(boot.profile, [software.spire_server], variables),
        *enrolment_files(boot.root_pem),
        plain(f"{ETC}/spire-server.conf", server.render()),
        *units("spire-server.service"),
    ]
    started = ["confkube-install", "confkube-firewall", *ENROLMENT_UNITS, "spire-server"]
    if boot.relying_party:
        leaf = relying_party_leaf(boot.relying_party)
        files += [*relying_party_files(boot.relying_party, boot.trust_domain, None), *leaf_files([leaf])]
        started += [*leaf_units([leaf]), RELYING_PARTY.removesuffix(".service")]
    machine = Machine(role="trust server", cluster_id=boot.cluster_id, files=files, units=started)
    return finish(machine, boot.extra_user_data, boot.profile)
