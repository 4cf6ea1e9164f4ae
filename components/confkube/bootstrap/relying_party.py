"""The values of a demonstration of a relying party: who gets the secret that it makes itself."""

import re
from dataclasses import dataclass

from confkube.attest.resource_policy import checked_claim
from confkube.bootstrap import checks
from confkube.errors import Refusal, choose

RELYING_PARTY_PORT = 8083
"""Port of a trust server on which a relying party answers, over HTTPS."""
DEMO_PATH = "/demo"
"""SPIFFE ID of the workload that the demonstration is for, below the trust domain."""

UNVERIFIED = "enrolled without evidence"
"""The mark of ``confkube trust enroll --unverified`` in every chain of certificates below it."""
UNBOUND = "initdata not bound"
"""What a machine's token is where the platform binds initdata to no evidence."""
ALLOWED = (UNVERIFIED, UNBOUND)

_SPIFFE_ID = re.compile(r"spiffe://([a-z0-9._-]{1,255})((?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)+)")


@dataclass(frozen=True, kw_only=True)
class RelyingParty:
    """A small service that releases one secret to what has proved itself; a demonstration, no key management.

    Attributes:
        names: Names and addresses by which it is called; they are in its certificate, and proofs must be made for them.
        spiffe_ids: Exactly these workloads get the secret, by X.509-SVID.
        init_data: Claims ``init_data`` of which a token must have one; only beside a Trustee are tokens taken.
        allow: Weaknesses that are accepted by name, of ``ALLOWED``.
        port: Where it answers.
    """

    names: tuple[str, ...]
    spiffe_ids: tuple[str, ...] = ()
    init_data: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    port: int = RELYING_PARTY_PORT

    def __post_init__(self) -> None:
        if not self.names:
            raise Refusal("relying party names: there is none, so no certificate could be made for it")
        for name in self.names:
            checks.host("relying party name", name)
        for identity in self.spiffe_ids:
            if not _SPIFFE_ID.fullmatch(identity):
                raise Refusal(f"relying party spiffe_ids: {identity!r} is not a SPIFFE ID of a workload")
        for claim in self.init_data:
            checked_claim("relying party init_data", claim)
        for word in self.allow:
            if word not in ALLOWED:
                raise choose("relying party allow", word, ALLOWED)
        checks.port("relying party port", self.port)

    def of_domain(self, domain: str) -> None:
        """Refuse workloads of another trust domain: no certificate below this root could be theirs.

        Raises:
            Refusal: One is.
        """
        for identity in self.spiffe_ids:
            if not identity.startswith(f"spiffe://{domain}/"):
                raise Refusal(f"relying party spiffe_ids: {identity!r} is not of the trust domain {domain}")

    @property
    def origins(self) -> list[str]:
        """The addresses that a proof of possession may be made for."""
        return [f"https://{f'[{name}]' if ':' in name else name}:{self.port}" for name in self.names]
