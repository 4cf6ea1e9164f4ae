"""Configuration files of the SPIRE agent and server, from typed models.

Fields: https://github.com/spiffe/spire/blob/v1.15.3/doc/spire_agent.md and spire_server.md, read 2026-11-24.
"""

import re
from dataclasses import dataclass

from confkube.attest.hcl import Block, render
from confkube.attest.plugin import Plugin
from confkube.errors import Refusal

AGENT_DATA = "/var/lib/spire/agent"
AGENT_SOCKET = "/run/spire/agent-sockets/spire-agent.sock"
"""Where workloads find the agent; the SPIFFE CSI driver's default directory."""
SERVER_DATA = "/var/lib/spire/server"
SERVER_SOCKET = "/run/spire/server.sock"
_KUBELET_PKI = "/var/lib/kubelet/pki"
_DURATION = re.compile(r"[1-9][0-9]*[smh]")

# The kubelet's own certificates: the agent verifies that it talks to this node's kubelet, and shows itself as the node.
KUBERNETES = Plugin(
    name="k8s",
    data={
        "kubelet_ca_path": f"{_KUBELET_PKI}/kubelet.crt",
        "certificate_path": f"{_KUBELET_PKI}/kubelet-client-current.pem",
        "private_key_path": f"{_KUBELET_PKI}/kubelet-client-current.pem",
    },
)
SYSTEMD = Plugin(name="systemd")


@dataclass(frozen=True, kw_only=True)
class AgentConfig:
    """A SPIRE agent on a worker.

    Attributes:
        server_address: Address of the server.
        server_port: Port of the server.
        trust_domain: SPIFFE trust domain.
        root_path: File with the pinned root, the only thing that the agent believes at first contact.
        node_attestor: How the agent proves itself.
        workload_attestors: How workloads are recognised.
    """

    server_address: str
    server_port: int
    trust_domain: str
    root_path: str
    node_attestor: Plugin
    workload_attestors: tuple[Plugin, ...] = (KUBERNETES, SYSTEMD)

    def render(self) -> str:
        """Return the configuration file.

        The keys are kept on disk: an agent that was attested once by instance identity goes on with its own identity
        after a restart, because the server does not take the same evidence a second time.
        """
        agent = Block(
            kind="agent",
            attributes={
                "data_dir": AGENT_DATA,
                "log_level": "INFO",
                "server_address": self.server_address,
                "server_port": self.server_port,
                "socket_path": AGENT_SOCKET,
                "trust_bundle_path": self.root_path,
                "trust_domain": self.trust_domain,
            },
        )
        plugins = (
            self.node_attestor.known("agent").block("NodeAttestor"),
            Plugin(name="disk", data={"directory": AGENT_DATA}).block("KeyManager"),
            *(plugin.block("WorkloadAttestor") for plugin in self.workload_attestors),
        )
        return render(agent, Block(kind="plugins", blocks=plugins))


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """A SPIRE server whose signing authority is an intermediate under the offline root.

    Attributes:
        bind_port: Port that agents come to.
        trust_domain: SPIFFE trust domain.
        node_attestor: The only way for an agent to attest.
        certificate_path: File with the signed intermediate.
        key_path: File with its key.
        root_path: File with the offline root.
        ca_ttl: Lifetime of the authority that the server makes under the intermediate.
        x509_svid_ttl: Lifetime of workload certificates.
    """

    bind_port: int
    trust_domain: str
    node_attestor: Plugin
    certificate_path: str
    key_path: str
    root_path: str
    ca_ttl: str = "24h"
    x509_svid_ttl: str = "1h"

    def __post_init__(self) -> None:
        for name, value in (("ca_ttl", self.ca_ttl), ("x509_svid_ttl", self.x509_svid_ttl)):
            if not _DURATION.fullmatch(value):
                raise Refusal(f"{name}: {value!r} is not a duration such as 30m or 24h")

    def render(self) -> str:
        """Return the configuration file."""
        server = Block(
            kind="server",
            attributes={
                "audit_log_enabled": True,
                "bind_address": "0.0.0.0",  # noqa: S104  a network rule lets in the agents alone
                "bind_port": self.bind_port,
                "ca_ttl": self.ca_ttl,
                "data_dir": SERVER_DATA,
                "default_x509_svid_ttl": self.x509_svid_ttl,
                "log_level": "INFO",
                "socket_path": SERVER_SOCKET,
                "trust_domain": self.trust_domain,
            },
        )
        store = {"database_type": "sqlite3", "connection_string": f"{SERVER_DATA}/datastore.sqlite3"}
        authority = {
            "cert_file_path": self.certificate_path,
            "key_file_path": self.key_path,
            "bundle_file_path": self.root_path,
        }
        plugins = (
            Plugin(name="sql", data=store).block("DataStore"),
            Plugin(name="disk", data={"keys_path": f"{SERVER_DATA}/keys.json"}).block("KeyManager"),
            self.node_attestor.known("server").block("NodeAttestor"),
            Plugin(name="disk", data=authority).block("UpstreamAuthority"),
        )
        return render(server, Block(kind="plugins", blocks=plugins))
