"""What a relying party adds to the boot text of a trust server."""

import json

from confkube.bootstrap.files import BootFile, packed, plain, static, undocumented
from confkube.bootstrap.leaves import Leaf
from confkube.bootstrap.parts import ETC, LIBRARY, TRUST_ROOT, units
from confkube.bootstrap.relying_party import UNBOUND, RelyingParty
from confkube.errors import Refusal

UNIT = "confkube-relying-party.service"
_PROGRAM = "relying"
_IDENTITIES = ("__main__", "chains", "identities")
_TOKENS = ("__main__", "chains", "possession", "tokens")


def relying_party_leaf(party: RelyingParty) -> Leaf:
    """Return the certificate that it shows."""
    return Leaf(name="relying-party", unit=UNIT, names=party.names)


def relying_party_files(party: RelyingParty, domain: str, tokens: Leaf | None) -> list[BootFile]:
    """Return its files.

    Args:
        party: Its values.
        domain: The trust domain.
        tokens: What signs the attestation tokens of a Trustee on the same machine; without one, workloads show an
            X.509-SVID of the SPIRE server there.

    Raises:
        Refusal: Its values do not fit the trust server.
    """
    party.of_domain(domain)
    if tokens is None:
        _by_identity(party)
    else:
        _by_token(party)
    by, modules = ("identities", _IDENTITIES) if tokens is None else ("tokens", _TOKENS)
    settings = {
        "allow": sorted(party.allow),
        "by": by,
        "identities": sorted(party.spiffe_ids),
        "init_data": sorted(party.init_data),
        "origins": party.origins,
        "port": party.port,
        "root": TRUST_ROOT,
        "token_chain": tokens.chain if tokens else "",
        "trust_domain": domain,
    }
    return [
        plain(f"{ETC}/relying-party.json", json.dumps(settings, indent=1) + "\n", 0o644),
        *(_module(f"{name}.py") for name in modules),
        *units(UNIT),
    ]


def _by_identity(party: RelyingParty) -> None:
    if party.init_data:
        raise Refusal("relying party init_data: this trust server gives no attestation tokens; leave it out")
    if not party.spiffe_ids:
        raise Refusal("relying party spiffe_ids: it is empty, so nobody would ever get the secret")


def _by_token(party: RelyingParty) -> None:
    if party.spiffe_ids:
        raise Refusal("relying party spiffe_ids: this trust server gives no identities; leave it out")
    if not party.init_data and UNBOUND not in party.allow:
        raise Refusal(
            "relying party init_data: it is empty, so a token would be taken whatever its machine was started with; "
            f"name what is wanted, or allow {UNBOUND!r}"
        )


def _module(name: str) -> BootFile:
    """Return a part of the program, without its docstrings; the service is a user of its own, and reads it."""
    return packed(f"{LIBRARY}/{_PROGRAM}/{name}", undocumented(static(_PROGRAM, name)), 0o644)
