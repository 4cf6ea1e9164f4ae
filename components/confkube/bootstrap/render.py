"""Renders user data for the machine roles; pure functions from values to text."""

import ipaddress
import json
import shlex
from collections.abc import Iterable, Mapping, Sequence

import yaml

from confkube.attest.plugin import Plugin
from confkube.attest.spire import AgentConfig, ServerConfig
from confkube.bootstrap.document import Machine, cloud_config, user_data
from confkube.bootstrap.files import BootFile, fill, packed, plain, static, stripped
from confkube.bootstrap.software import Download, Software
from confkube.bootstrap.values import BootProfile, ControlPlaneBoot, TrustAgent, TrustServerBoot, WorkerBoot

ENROLMENT_PORT = 8082
"""Port of a trust server that hands out /request.pem and takes /intermediate.pem, over plain HTTP.

Neither is secret, and a certificate is only taken when it is for the machine's own key and under the pinned root.
"""

_ETC, _LIBRARY, _UNITS = "/etc/confkube", "/usr/local/lib/confkube", "/etc/systemd/system"
_TRUST = "/var/lib/confkube/trust"
_ROOT = f"{_ETC}/trust-root.pem"


def control_plane(boot: ControlPlaneBoot) -> str:
    """Return the user data of the control plane.

    Raises:
        Refusal: It is larger than the platform takes, or a value cannot be carried.
    """
    software = boot.software
    downloads = [software.kubeadm, software.kubelet, software.kubectl, *([software.helm] if boot.addons else [])]
    secret = boot.profile.secret_address.format(name=boot.secret_name)
    variables = {
        "API_ENDPOINT": boot.api_endpoint,
        "SECRET_ADDRESS": secret,
        "TOKEN_TTL": f"{int(boot.token_ttl.total_seconds())}s",
    }
    files = [
        *_node_files(boot.profile, software, downloads, variables),
        plain(f"{_ETC}/kubeadm.yaml", _kubeadm_init(boot)),
        plain("/etc/kubernetes/pki/ca.crt", boot.ca_certificate_pem, 0o644),
        packed(
            f"{_ETC}/apiserver/admission.yaml",
            fill("admission.yaml", privileged_namespaces=json.dumps(boot.privileged_namespaces)),
        ),
        packed(f"{_ETC}/apiserver/audit.yaml", static("static", "audit.yaml")),
        packed(f"{_ETC}/rbac.yaml", static("static", "rbac.yaml")),
        packed(f"{_LIBRARY}/fetch-secret", stripped(boot.profile.fetch_secret), 0o700),
        *_scripts("secrets.sh", "place-secrets.py", "control-plane.sh"),
        *_units("kubelet.service", "confkube-secrets.service", "confkube-control-plane.service"),
    ]
    units = ["confkube-install", "confkube-firewall", "kubelet", "confkube-secrets", "confkube-control-plane"]
    if boot.addons:
        files += [
            packed(
                f"{_ETC}/addons/list", _rows((a.name, a.namespace, a.version, a.sha256, a.url) for a in boot.addons)
            ),
            *(packed(f"{_ETC}/addons/{row.name}.yaml", _yaml(row.values)) for row in boot.addons),
            *_scripts("addons.sh"),
            *_units("confkube-addons.service"),
        ]
        units.append("confkube-addons")
    machine = Machine(
        role="control plane", cluster_id=boot.cluster_id, files=files, units=units, hostname=boot.node_name
    )
    return _finish(machine, boot.extra_user_data, boot.profile)


def worker(boot: WorkerBoot) -> str:
    """Return the user data of a worker pool.

    Raises:
        Refusal: It is larger than the platform takes, or a value cannot be carried.
    """
    software = boot.software
    downloads = [software.kubeadm, software.kubelet, *([software.spire_agent] if boot.trust else [])]
    files = [
        *_node_files(boot.profile, software, downloads, {"API_ENDPOINT": boot.api_endpoint}),
        plain(f"{_ETC}/kubeadm.yaml", _kubeadm_join(boot)),
        *_scripts("join.sh"),
        *_units("kubelet.service", "confkube-join.service"),
    ]
    units = ["confkube-install", "confkube-firewall", "kubelet", "confkube-join"]
    if boot.trust:
        files += _agent_files(boot.trust, boot.profile)
        units.append("spire-agent")
    machine = Machine(role=f"pool {boot.pool}", cluster_id=boot.cluster_id, files=files, units=units)
    return _finish(machine, boot.extra_user_data, boot.profile)


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
        certificate_path=f"{_TRUST}/intermediate.pem",
        key_path=f"{_TRUST}/private/key.pem",
        root_path=_ROOT,
    )
    variables = {
        "CONTAINERD": "",
        "PACKAGES": " ".join(sorted({*software.packages, *software.trust_packages})),
        "TRUST_DOMAIN": boot.trust_domain,
    }
    files = [
        *_common_files(boot.profile, [software.spire_server], variables),
        plain(f"{_ETC}/spire-server.conf", server.render()),
        plain(_ROOT, boot.root_pem, 0o644),
        *_scripts("trust-key.sh", "trust-accept.sh", "trust-door.py"),
        *_units(
            "spire-server.service",
            "confkube-trust-key.service",
            "confkube-trust-accept.service",
            "confkube-trust-accept.path",
            "confkube-trust-door.socket",
            "confkube-trust-door@.service",
        ),
    ]
    units = [
        "confkube-install",
        "confkube-firewall",
        "confkube-trust-key",
        "confkube-trust-door.socket",
        "confkube-trust-accept.path",
        "spire-server",
    ]
    machine = Machine(role="trust server", cluster_id=boot.cluster_id, files=files, units=units)
    return _finish(machine, boot.extra_user_data, boot.profile)


def _kubeadm_init(boot: ControlPlaneBoot) -> str:
    return fill(
        "kubeadm-init.yaml",
        cluster_id=json.dumps(boot.cluster_id),
        kubernetes_version=boot.software.kubernetes_version,
        api_endpoint=json.dumps(boot.api_endpoint),
        pod_cidr=json.dumps(boot.pod_cidr),
        service_cidr=json.dumps(boot.service_cidr),
        cert_sans=json.dumps(boot.cert_sans),
        private_ip=json.dumps(boot.private_ip),
        api_port=boot.api_port,
        node_name=json.dumps(boot.node_name),
    )


def _kubeadm_join(boot: WorkerBoot) -> str:
    taints = [
        f"\n  - {{key: {json.dumps(each.key)}, value: {json.dumps(each.value)}, effect: {json.dumps(each.effect)}}}"
        for each in boot.taints
    ]
    return fill(
        "kubeadm-join.yaml",
        token=json.dumps(boot.token),
        api_endpoint=json.dumps(boot.api_endpoint),
        ca_hash=json.dumps(boot.ca_hash),
        node_labels=json.dumps(boot.label_argument),
        taints="".join(taints) or " []",
    )


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(" ".join(row) + "\n" for row in rows)


def _common_files(profile: BootProfile, downloads: Sequence[Download], variables: Mapping[str, str]) -> list[BootFile]:
    return [
        plain(f"{_ETC}/node.env", "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())),
        plain(f"{_ETC}/downloads", _rows((d.name, d.version, d.sha256, d.member or "-", d.url) for d in downloads)),
        plain(f"{_ETC}/firewall.nft", _firewall(profile)),
        *_scripts("lib.sh", "install.sh"),
        *_units("confkube-install.service", "confkube-firewall.service"),
    ]


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


def _node_files(
    profile: BootProfile, software: Software, downloads: Sequence[Download], variables: Mapping[str, str]
) -> list[BootFile]:
    packages = " ".join(sorted({*software.packages, *software.node_packages}))
    return [
        *_common_files(profile, downloads, {"CONTAINERD": "yes", "PACKAGES": packages, **variables}),
        packed(
            "/etc/containerd/config.toml", fill("containerd.toml", pause_image=json.dumps(software.pause_image)), 0o644
        ),
        packed("/etc/sysctl.d/90-confkube.conf", static("static", "sysctl.conf"), 0o644),
    ]


def _agent_files(trust: TrustAgent, profile: BootProfile) -> list[BootFile]:
    agent = AgentConfig(
        server_address=trust.server_address,
        server_port=trust.port,
        trust_domain=trust.trust_domain,
        root_path=_ROOT,
        node_attestor=Plugin.parse("node_attestor_agent", profile.node_attestor_agent),
    )
    return [
        plain(f"{_ETC}/spire-agent.conf", agent.render()),
        plain(_ROOT, trust.root_pem, 0o644),
        *_units("spire-agent.service"),
    ]


def _scripts(*names: str) -> list[BootFile]:
    return [packed(f"{_LIBRARY}/{name}", static("scripts", name)) for name in names]


def _units(*names: str) -> list[BootFile]:
    return [packed(f"{_UNITS}/{name}", static("units", name), 0o644) for name in names]


def _yaml(values: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(values), default_flow_style=False, sort_keys=True, width=10**9)


def _finish(machine: Machine, extra: Sequence[str], profile: BootProfile) -> str:
    return user_data(cloud_config(machine), extra, profile.user_data_limit, profile.provider)
