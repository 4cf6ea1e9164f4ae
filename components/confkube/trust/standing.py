"""What is known of a trust server: whether it is enrolled, until when, and what that proves."""

from dataclasses import dataclass
from datetime import UTC, datetime

from confkube.trust import certificates
from confkube.trust.certificates import moment
from confkube.trust.door import CERTIFICATE, Door
from confkube_build.progress import Reporter

WAITS = "waits for enrolment"
ENDED = "enrolment ended"
UNVERIFIED = certificates.UNVERIFIED
UNKNOWN = "enrolled by other means"
EXTERNAL = "external"
_TOLD = {
    WAITS: f"{WAITS}: no agent attests until confkube trust enroll has run",
    ENDED: f"{ENDED} at {{end}}: no agent attests until confkube trust enroll has run again",
    UNVERIFIED: f"{UNVERIFIED} (--unverified) until {{end}}: nothing proves what machine holds the key",
    UNKNOWN: f"{UNKNOWN} than confkube trust enroll until {{end}}: the certificate does not say what was verified",
    EXTERNAL: f"{EXTERNAL}: others run this trust server, and nothing is known of it here",
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a trust server is.

    Attributes:
        state: One of the words of this module.
        verified: Whether evidence of the machine that holds the key was verified.
        not_after: End of its certificate.
    """

    state: str
    verified: bool = False
    not_after: datetime | None = None

    def __str__(self) -> str:
        return _TOLD[self.state].format(end=moment(self.not_after) if self.not_after else "")


def ask(door: Door, root_certificate: str, domain: str, reporter: Reporter) -> Standing:
    """Ask a trust server of ours for its certificate, and say what that means.

    Raises:
        Refusal: It does not answer, or what answers is not the stack's trust server.
    """
    root = certificates.root_certificate(root_certificate)
    with reporter.step(f"asking the trust server at {door.url}"):
        document = door.wait(CERTIFICATE, lambda _: True, "the trust server does not answer").document
    if document is None:
        return Standing(state=WAITS)
    certificate = certificates.in_use(document, root, domain)
    end = certificate.not_valid_after_utc
    if end <= datetime.now(UTC):
        return Standing(state=ENDED, not_after=end)
    return Standing(state=UNVERIFIED if certificates.says_unverified(certificate) else UNKNOWN, not_after=end)
