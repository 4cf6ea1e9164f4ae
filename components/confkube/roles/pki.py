"""Keys and certificates that exist before any machine does, so that no machine must be asked for them."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pulumi
import pulumi_random as random
import pulumi_tls as tls

TEN_YEARS = 24 * 365 * 10
"""Hours. Longer than any cluster of this kind lives; renewal would replace the authority under a running cluster."""


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate and its private key, both PEM."""

    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]
    public_key: pulumi.Output[str]
    valid_from: pulumi.Output[str]


def _key(name: str, opts: pulumi.ResourceOptions) -> tls.PrivateKey:
    return tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=opts)


def authority(name: str, common_name: str, opts: pulumi.ResourceOptions) -> Certificate:
    """Make a self-signed certificate authority."""
    key = _key(name, opts)
    certificate = tls.SelfSignedCert(
        name,
        private_key_pem=key.private_key_pem,
        is_ca_certificate=True,
        set_subject_key_id=True,
        allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
        validity_period_hours=TEN_YEARS,
        subject=tls.SelfSignedCertSubjectArgs(common_name=common_name),
        opts=opts,
    )
    return Certificate(
        certificate=certificate.cert_pem,
        private_key=key.private_key_pem,
        public_key=key.public_key_pem,
        valid_from=certificate.validity_start_time,
    )


def administrator(
    name: str, ca: Certificate, lifetime: timedelta | None, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Make the administrator's client certificate; returns certificate and key.

    The group is ``kubeadm:cluster-admins``, whose rights can be taken away, unlike those of ``system:masters``.
    """
    key = _key(name, opts)
    request = tls.CertRequest(
        name,
        private_key_pem=key.private_key_pem,
        subject=tls.CertRequestSubjectArgs(common_name="confkube-admin", organization="kubeadm:cluster-admins"),
        opts=opts,
    )
    signed = tls.LocallySignedCert(
        name,
        cert_request_pem=request.cert_request_pem,
        ca_private_key_pem=ca.private_key,
        ca_cert_pem=ca.certificate,
        allowed_uses=["client_auth", "digital_signature"],
        validity_period_hours=int(lifetime.total_seconds() // 3600) if lifetime else TEN_YEARS,
        opts=opts,
    )
    return signed.cert_pem, key.private_key_pem


def bootstrap_token(name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Make a kubeadm bootstrap token: six characters that name it, a dot, sixteen secret ones."""
    token_id = random.RandomString(f"{name}-id", length=6, special=False, upper=False, opts=opts)
    secret = random.RandomPassword(name, length=16, special=False, upper=False, opts=opts)
    return pulumi.Output.secret(pulumi.Output.format("{0}.{1}", token_id.result, secret.result))


def service_account_key(name: str, opts: pulumi.ResourceOptions) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Make the key that signs service-account tokens; returns private and public key."""
    # RSA, as kubeadm makes it: not every cloud believes tokens that are signed with another kind of key.
    key = tls.PrivateKey(name, algorithm="RSA", rsa_bits=2048, opts=opts)
    return key.private_key_pem, key.public_key_pem


def public_key_hash(public_key_pem: str) -> str:
    """``sha256:`` and the hash of the DER public key, as kubeadm's ``caCertHashes`` wants it."""
    body = "".join(line for line in public_key_pem.splitlines() if not line.startswith("-----"))
    return "sha256:" + hashlib.sha256(base64.b64decode(body)).hexdigest()


def secrets_document(
    ca: Certificate, service_account: tuple[pulumi.Output[str], pulumi.Output[str]], token: pulumi.Output[str]
) -> pulumi.Output[str]:
    """The one document that the control plane fetches at boot."""
    document = pulumi.Output.json_dumps(
        {
            "ca.crt": ca.certificate,
            "ca.key": ca.private_key,
            "sa.key": service_account[0],
            "sa.pub": service_account[1],
            "token": token,
        }
    )
    return pulumi.Output.secret(document)


def kubeconfig(
    name: str,
    servers: Mapping[str, tuple[str, str | None]],
    ca_certificate: str,
    certificate: str,
    private_key: str,
) -> str:
    """Render a kubeconfig as JSON, which kubectl reads like YAML.

    Args:
        name: Name of the cluster.
        servers: Context name -> address and, where it is not in the server's certificate, the name to verify instead.
        ca_certificate: PEM of the cluster's authority.
        certificate: PEM of the administrator.
        private_key: PEM of the administrator.
    """

    def encoded(pem: str) -> str:
        return base64.b64encode(pem.encode()).decode()

    clusters = [
        {
            "name": context,
            "cluster": {"server": f"https://{address}", "certificate-authority-data": encoded(ca_certificate)}
            | ({"tls-server-name": verified} if verified else {}),
        }
        for context, (address, verified) in servers.items()
    ]
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": next(iter(servers)),
            "clusters": clusters,
            "contexts": [{"name": context, "context": {"cluster": context, "user": name}} for context in servers],
            "users": [
                {
                    "name": name,
                    "user": {
                        "client-certificate-data": encoded(certificate),
                        "client-key-data": encoded(private_key),
                    },
                }
            ],
        },
        indent=2,
    )
