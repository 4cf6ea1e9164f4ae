"""Boot values of a Trustee for tests: ordinary ones, and the largest."""

import datetime as dt

from boot import samples

from confkube.attest import resource_policy
from confkube.attest.reference_values import ReferenceValue
from confkube.bootstrap import RelyingParty, TrusteeServerBoot

IMAGE = "ghcr.io/confidential-containers/key-broker-service:built-in-as-v0.21.0@sha256:" + "ab" * 32
"""Not the digest of that image, which is no recorded fact."""
DOMAIN = "demo-4f2a.internal"
ADDRESS = "10.20.0.10"
CLAIM = "ab" * 32
ADMIN = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""


def trustee(**changes):
    values = {
        "cluster_id": "demo-4f2a",
        "trust_domain": DOMAIN,
        "root_pem": samples.CERTIFICATE,
        "profile": samples.profile(),
        "image": IMAGE,
        "names": (ADDRESS, "trust.demo.example.org"),
        "reference_values": (value(),),
    }
    return TrusteeServerBoot(**(values | changes))


def value(name="snp_launch_measurement", content=("00" * 48,), year=2037):
    return ReferenceValue(name=name, value=content, expires=dt.datetime(year, 1, 1, tzinfo=dt.UTC))


def party(**changes):
    return RelyingParty(**({"names": (ADDRESS,), "init_data": (CLAIM,)} | changes))


def largest(pem, **changes):
    """The largest: long names, values of both TEEs, a policy that binds, an administrator, a relying party."""
    name = "n" * 40
    values = {
        "cluster_id": name,
        "trust_domain": f"{name}.confkube.internal",
        "root_pem": pem,
        "names": ("10.100.100.101",),
        "reference_values": tuple(value(each) for each in ("snp_launch_measurement", "mr_td", "rtmr_1", "rtmr_2")),
        "resource_policy": resource_policy.bound([CLAIM, "cd" * 48]),
        "admin_public_key": ADMIN,
        "relying_party": party(names=("10.100.100.101",), init_data=(CLAIM, "cd" * 48)),
    }
    return trustee(**(values | changes))
