"""Enrolment: the request is fetched and checked, signed with the offline root, handed back, and seen in use."""

from datetime import datetime, timedelta

from confkube.errors import Refusal
from confkube.trust import certificates
from confkube.trust.certificates import Root, moment
from confkube.trust.door import CERTIFICATE, REQUEST, Door
from confkube_build.progress import Reporter


def enrol(door: Door, root: Root, domain: str, lifetime: timedelta, reporter: Reporter) -> datetime:
    """Enrol the trust server behind the door, without evidence; returns until when.

    Raises:
        Refusal: It does not answer, its request is not what it should be, or it does not take the certificate.
    """
    with reporter.step(f"waiting for the trust server's request at {door.url}"):
        answer = door.wait(
            REQUEST, lambda answer: answer.document is not None, "the trust server does not hand out its request"
        )
    request = certificates.checked_request(answer.document or b"", domain)
    certificate = certificates.signed(root, request, domain, lifetime)
    end = certificate.not_valid_after_utc
    _no_step_back(door, root, domain, end)
    signed = certificates.pem(certificate)
    door.put(CERTIFICATE, signed)
    with reporter.step("waiting until the trust server uses its certificate"):
        door.wait(
            CERTIFICATE,
            lambda answer: answer.document == signed,
            "the trust server did not take the certificate; on the machine, journalctl -u confkube-trust-accept says "
            "why",
        )
    return end


def _no_step_back(door: Door, root: Root, domain: str, end: datetime) -> None:
    """Refuse here what the machine would refuse without an answer."""
    document = door.wait(CERTIFICATE, lambda _: True, "the trust server does not say what certificate it uses").document
    if document is None:
        return
    last = certificates.in_use(document, root.certificate, domain).not_valid_after_utc
    if end < last:
        raise Refusal(
            f"the trust server is enrolled until {moment(last)}, and takes no certificate that ends before that, at "
            f"{moment(end)}; give more --days, or leave it as it is"
        )
