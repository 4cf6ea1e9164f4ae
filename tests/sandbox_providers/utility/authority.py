"""Keys and certificates made by the handlers, as a program would chain them."""

from confkube_sandbox.providers.tls.certificates import LocallySignedCert, SelfSignedCert
from confkube_sandbox.providers.tls.private_key import PrivateKey
from confkube_sandbox.providers.tls.requests import CertRequest

CA_USES = ["cert_signing", "crl_signing"]


def made(handler, inputs, ctx):
    checked, failures = handler.check(inputs, {}, ctx)
    assert failures == []
    return handler.create(checked, ctx)


def key(ctx, algorithm="ECDSA", curve="P256", bits=2048):
    inputs = {"algorithm": algorithm, "ecdsaCurve": curve, "rsaBits": bits}
    return made(PrivateKey(), inputs, ctx).outputs


def self_signed(ctx, pem, **more):
    inputs = {"privateKeyPem": pem, "validityPeriodHours": 24, "allowedUses": [], **more}
    return made(SelfSignedCert(), inputs, ctx).outputs


def authority(ctx, pem, name="root", **more):
    uses = {"isCaCertificate": True, "allowedUses": CA_USES, "subject": {"commonName": name}}
    return self_signed(ctx, pem, **(uses | more))


def request(ctx, pem, **more):
    return made(CertRequest(), {"privateKeyPem": pem, **more}, ctx).outputs["certRequestPem"]


def signed(ctx, ca_cert, ca_key, csr, **more):
    inputs = {
        "caCertPem": ca_cert,
        "caPrivateKeyPem": ca_key,
        "certRequestPem": csr,
        "validityPeriodHours": 24,
        "allowedUses": ["digital_signature", "server_auth"],
        **more,
    }
    return made(LocallySignedCert(), inputs, ctx).outputs
