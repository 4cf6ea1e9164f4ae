"""Who a cluster is: its name, its labels, its lifetime and its certificate authority."""

from datetime import UTC, datetime, timedelta

import pulumi
import pulumi_random as random

from confkube import names
from confkube.component import refusing
from confkube.parse import parse
from confkube.role_types import AuthorityRef, ClusterArgs, ClusterRef
from confkube.roles import pki
from confkube.spec import NEVER, Lifetime


class Cluster(pulumi.ComponentResource):
    """Identity of a cluster; makes no machine."""

    cluster_id: pulumi.Output[str]
    """Unique name of this incarnation of the cluster."""
    created_at: pulumi.Output[str]
    """When it was first brought up, RFC 3339."""
    expires_at: pulumi.Output[str]
    """When its lifetime ends, RFC 3339, or ``never``."""
    ca_certificate: pulumi.Output[str]
    """PEM certificate of its authority."""
    token_key: pulumi.Output[str]
    """PEM public key that signs the tokens of service accounts."""

    @refusing
    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        names.checked_name(name, names.CLUSTER_NAME_LENGTH)
        lifetime = parse(Lifetime, args)
        super().__init__("confkube:index:Cluster", name, dict(args), opts)
        inside = pulumi.ResourceOptions(parent=self)
        suffix = random.RandomId(f"{name}-id", byte_length=4, opts=inside)
        proof_key = random.RandomPassword(f"{name}-proof", length=32, special=False, opts=inside)
        ca = pki.authority(f"{name}-ca", "kubernetes", inside)
        token = pki.bootstrap_token(f"{name}-token", inside)
        service_account = pki.service_account_key(f"{name}-service-account", inside)
        self._admin = pki.administrator(f"{name}-admin", ca, lifetime.duration, inside)
        self._name = name
        self.cluster_id = suffix.hex.apply(lambda random_part: f"{name}-{random_part}")
        self.created_at = ca.valid_from.apply(lambda start: _stamp(_utc(start)))
        self.expires_at = ca.valid_from.apply(lambda start: _end(start, lifetime.duration))
        self.ca_certificate = ca.certificate
        self.token_key = service_account[1]
        stack = names.label_value(f"{pulumi.get_project()}-{pulumi.get_stack()}")
        owner = names.label_value(lifetime.owner)
        labels = pulumi.Output.all(self.cluster_id, self.expires_at, proof_key.result).apply(
            lambda known: {
                "confkube-cluster": known[0],
                "confkube-stack": stack,
                "confkube-owner": owner,
                "confkube-expires": _label(known[1]),
                "confkube-proof": names.proof_stamp(known[2], known[0]),
            }
        )
        self._labels = pulumi.Output.unsecret(labels)
        self._authority: AuthorityRef = {
            "ca_certificate": ca.certificate,
            "ca_hash": ca.public_key.apply(pki.public_key_hash),
            "token": token,
            "secrets": pki.secrets_document(ca, service_account, token),
        }
        self.register_outputs(
            {
                "cluster_id": self.cluster_id,
                "created_at": self.created_at,
                "expires_at": self.expires_at,
                "ca_certificate": self.ca_certificate,
                "token_key": self.token_key,
            }
        )

    @property
    def ref(self) -> ClusterRef:
        """What the other roles take as ``cluster``."""
        return {"cluster_id": self.cluster_id, "labels": self._labels}

    @property
    def authority(self) -> AuthorityRef:
        """What the control plane takes as ``authority``."""
        return self._authority

    def kubeconfig(self, private: pulumi.Input[str], public: pulumi.Input[str] | None) -> pulumi.Output[str]:
        """The administrator's kubeconfig, a secret.

        The first context goes to the public address where there is one, else to the private one; the context that ends
        in ``-tunnel`` goes to a forwarded port on this computer. The server's certificate names neither a public
        address nor this computer, so both are verified under the name ``kubernetes``: opening or closing the API to
        administrators never changes the control plane's boot text.
        """

        def render(known: list[str]) -> str:
            private_address, public_address, *pems = known
            direct = (f"{public_address}:6443", "kubernetes") if public_address else (private_address, None)
            servers = {self._name: direct, f"{self._name}-tunnel": ("127.0.0.1:6443", "kubernetes")}
            return pki.kubeconfig(self._name, servers, *pems)

        parts = pulumi.Output.all(private, public or "", self.ca_certificate, *self._admin)
        return pulumi.Output.secret(parts.apply(render))


def _utc(moment: str) -> datetime:
    """A certificate's time, which its provider gives in the time zone of whoever made it, to the second."""
    return datetime.fromisoformat(moment).astimezone(UTC).replace(microsecond=0)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _end(start: str, lifetime: timedelta | None) -> str:
    return _stamp(_utc(start) + lifetime) if lifetime else NEVER


def _label(end: str) -> str:
    """The end in the letters of labels: ``2026-11-24t235900z``."""
    return names.label_value(end.replace(":", ""))
