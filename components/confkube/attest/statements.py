"""What each kind of attestation proves, in the words that outputs and documents use."""

from confkube.facts import NO_TEE, Cell

INSTANCE_IDENTITY = (
    "instance identity, not confidentiality: the provider vouches that an agent runs on a certain instance of a "
    "certain account; nothing is proved about memory encryption, firmware, image or boot configuration, and "
    "whoever controls that account or the provider can produce the same evidence"
)
"""What a provider's instance identity document proves (SPIRE node attestors that rest on one)."""

EMULATED = (
    "lab: nothing here is confidential; the machines are containers of this computer, and their TEEs exist in name only"
)
"""What machines of the lab prove beside."""

HELD_KEY = (
    "possession of a key, not confidentiality: an agent holds the private key of a certificate that was handed to its "
    "machine; nothing is proved about the machine that uses it"
)
"""What attestation by a certificate handed to the machine (x509pop) proves."""

GIVEN_HOSTS = (
    "hosts given by the user: nothing is proved about them; whoever administers a host sees and changes all that runs "
    "on it outside a TEE, and only the evidence of the confidential machines on it, checked elsewhere, says what runs "
    "inside"
)
"""What is known of bare-metal hosts."""

UNATTESTED = (
    "unattested: machines join with a bootstrap token that everyone who reads their user data holds; nothing is proved "
    "about what runs on them"
)
"""What joining with a bootstrap token from a stock image proves."""

_BOUND = {
    "host-data": "their initdata is bound to the evidence as HOST_DATA",
    "mrconfigid": "their initdata is bound to the evidence as MRCONFIGID",
    "pcr8": "their initdata is bound to the evidence as PCR 8 of the machine's virtual TPM",
    "unbound": (
        "their initdata is NOT bound to the evidence, because this platform lets no tenant set the field: whoever "
        "starts a pod chooses which trust server and policy it gets, and no evidence shows it"
    ),
    "unknown": "whether their initdata is bound to the evidence is not known here, and no launch measurement is given",
}


_SHOWN = ("host-data", "mrconfigid", "pcr8")


def of_pods(cell: Cell) -> str:
    """What is proved about the pods of a cell, and what is not."""
    if cell.initdata in (None, "none"):
        return (
            "nothing here is confidential: pods run in ordinary virtual machines without a TEE, and nothing is proved "
            "about them; this profile is for development only"
        )
    return (
        f"pods attest to Trustee with {cell.tee} evidence, once it has been enrolled and holds reference values; "
        f"{_BOUND[cell.initdata]}; the workers and the control plane are not attested and decide which pods run, "
        + ("and cannot look into them" if cell.initdata in _SHOWN else "and with what policy: they may look into them")
    )


def of_children(cell: Cell) -> str:
    """What is proved about the child machines of a cell's hosts."""
    if cell.tee == NO_TEE:
        return (
            "nothing here is confidential: workers are ordinary child machines without a TEE, and nothing is proved "
            "about them; this profile is for development only"
        )
    return (
        f"children have {cell.tee} evidence of their own, which covers firmware and boot text, but nobody verifies it "
        "yet: they join with a bootstrap token that their host holds too, and have no SPIRE agent"
    )
