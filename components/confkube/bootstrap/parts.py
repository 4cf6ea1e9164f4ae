"""What the boot texts of all roles are made of: paths, scripts, units, and the files that every machine or node has."""

import ipaddress
import json
import shlex
from collections.abc import Iterable, Mapping, Sequence

import yaml

from confkube.attest.plugin import Plugin
from confkube.attest.spire import AgentConfig
from confkube.bootstrap.document import Machine, cloud_config, user_data
from confkube.bootstrap.files import BootFile, fill, packed, plain, static
from confkube.bootstrap.host_runtime import HostRuntime
from confkube.bootstrap.software import TDNF, Download, Software
from confkube.bootstrap.values import BootProfile, TrustAgent

ETC, LIBRARY, UNITS = "/etc/confkube", "/usr/local/lib/confkube", "/etc/systemd/system"
TRUST_ROOT = f"{ETC}/trust-root.pem"


def rows(lines: Iterable[tuple[str, ...]]) -> str:
    """Return a list that scripts read: one line a row, words separated by spaces."""
    return "".join(" ".join(line) + "\n" for line in lines)


def package_manager(software: Software) -> list[BootFile]:
    """Return what a distribution with another package manager needs beside the common files."""
    return scripts("tdnf.sh") if software.manager == TDNF else []


def common_files(profile: BootProfile, downloads: Sequence[Download], variables: Mapping[str, str]) -> list[BootFile]:
    """Return what every machine has: its variables, what it downloads, its firewall."""
    return [
        plain(f"{ETC}/node.env", "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())),
        *([plain(f"{ETC}/downloads", _downloads(downloads))] if downloads else []),
        plain(f"{ETC}/firewall.nft", _firewall(profile)),
        *scripts("lib.sh", "install.sh"),
        *units("confkube-install.service", "confkube-firewall.service"),
    ]


def _downloads(downloads: Sequence[Download]) -> str:
    return rows((each.name, each.version, each.sha256, each.member or "-", each.url) for each in downloads)


def _firewall(profile: BootProfile) -> str:
    address = ipaddress.ip_address(profile.metadata_address)
    guarded = [f"{_family(ipaddress.ip_address(host))} daddr {host} tcp dport {port}" for host, port in profile.guarded]
    return fill(
        "firewall.nft",
        family=_family(address),
        address=address,
        forwarded="".join(f"    {match} counter drop\n" for match in guarded),
        own="".join(f"    {match} meta skuid != 0 counter drop\n" for match in guarded),
    )


def _family(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return "ip" if address.version == 4 else "ip6"


def node_files(  # noqa: PLR0913  what a node has
    profile: BootProfile,
    software: Software,
    downloads: Sequence[Download],
    variables: Mapping[str, str],
    *,
    packages: Iterable[str] = (),
    runtime: HostRuntime | None = None,
) -> list[BootFile]:
    """Return what a Kubernetes node has."""
    wanted = " ".join(sorted({*software.packages, *software.node_packages, *packages}))
    containerd = fill(
        "containerd.toml",
        pause_image=json.dumps(software.pause_image),
        layers=static("static", "containerd-layers.toml") if runtime else "",
        handler=static("static", f"containerd-{runtime.handler}.toml") if runtime and runtime.handler else "",
    )
    return [
        *common_files(profile, downloads, {"CONTAINERD": "yes", "PACKAGES": wanted, **variables}),
        *package_manager(software),
        packed("/etc/containerd/config.toml", containerd, 0o644),
        packed("/etc/sysctl.d/90-confkube.conf", static("static", "sysctl.conf"), 0o644),
    ]


def host_files(runtime: HostRuntime) -> tuple[dict[str, str], list[BootFile]]:
    """Return the variables and files of a worker whose pods can run in virtual machines."""
    variables = {
        "ARCHIVE_SHA256": runtime.archive.sha256 if runtime.archive else "",
        "ARCHIVE_URL": runtime.archive.url if runtime.archive else "",
        "BOOT_ENTRY": runtime.boot_entry,
        "DEVICES": " ".join(runtime.devices),
        "LEAST_CONTAINERD": runtime.containerd,
        "MODULES": " ".join(runtime.modules),
    }
    at_boot = rows((module,) for module in runtime.modules)
    kept = [packed("/etc/modules-load.d/confkube-host.conf", at_boot, 0o644)] if runtime.modules else []
    return variables, [*kept, *scripts("host.sh"), *units("confkube-host.service")]


def agent_files(trust: TrustAgent, profile: BootProfile) -> list[BootFile]:
    """Return what a SPIRE agent needs."""
    agent = AgentConfig(
        server_address=trust.server_address,
        server_port=trust.port,
        trust_domain=trust.trust_domain,
        root_path=TRUST_ROOT,
        node_attestor=Plugin.parse("node_attestor_agent", profile.node_attestor_agent),
    )
    return [
        plain(f"{ETC}/spire-agent.conf", agent.render()),
        plain(TRUST_ROOT, trust.root_pem, 0o644),
        *units("spire-agent.service"),
    ]


def scripts(*names: str) -> list[BootFile]:
    """Return scripts of this package."""
    return [packed(f"{LIBRARY}/{name}", static("scripts", name)) for name in names]


def units(*names: str) -> list[BootFile]:
    """Return units of this package."""
    return [packed(f"{UNITS}/{name}", static("units", name), 0o644) for name in names]


def yaml_text(values: Mapping[str, object]) -> str:
    """Return values as YAML, the same values as the same text."""
    return yaml.safe_dump(dict(values), default_flow_style=False, sort_keys=True, width=10**9)


def finish(machine: Machine, extra: Sequence[str], profile: BootProfile) -> str:
    """Return the user data of a machine.

    Raises:
        Refusal: It is larger than the platform takes, or a value cannot be carried.
    """
    return user_data(cloud_config(machine), extra, profile)
