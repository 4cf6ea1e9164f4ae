"""What each kind of attestation proves, in the words that outputs and documents use."""

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

UNATTESTED = (
    "unattested: machines join with a bootstrap token that everyone who reads their user data holds; nothing is proved "
    "about what runs on them"
)
"""What joining with a bootstrap token from a stock image proves."""
