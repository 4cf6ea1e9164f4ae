"""The keys, certificates and random values that every cluster has, written by hand."""

import pulumi_random as random
import pulumi_tls as tls

suffix = random.RandomId("id", byte_length=4)
proof = random.RandomPassword("proof", length=32, special=False)
token_id = random.RandomString("token-id", length=6, special=False, upper=False)
token = random.RandomPassword("token", length=16, special=False, upper=False)
keys = {name: tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256") for name in ("ca", "sa", "admin", "root")}
authorities = {
    name: tls.SelfSignedCert(
        name,
        private_key_pem=keys[name].private_key_pem,
        is_ca_certificate=True,
        set_subject_key_id=True,
        allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
        validity_period_hours=87600,
        subject={"common_name": name},
    )
    for name in ("ca", "root")
}
request = tls.CertRequest("admin", private_key_pem=keys["admin"].private_key_pem, subject={"common_name": "admin"})
tls.LocallySignedCert(
    "admin",
    cert_request_pem=request.cert_request_pem,
    ca_private_key_pem=keys["ca"].private_key_pem,
    ca_cert_pem=authorities["ca"].cert_pem,
    allowed_uses=["client_auth", "digital_signature"],
    validity_period_hours=87600,
)
BOOT = "#cloud-config\n" + "# as long as a real boot text\n" * 300


def labels(name: str) -> object:
    """Ownership labels."""
    return suffix.hex.apply(
        lambda found: {
            "confkube-cluster": f"{name}-{found}",
            "confkube-stack": name,
            "confkube-owner": "unknown",
            "confkube-expires": "never",
            "confkube-proof": "0" * 32,
        }
    )
