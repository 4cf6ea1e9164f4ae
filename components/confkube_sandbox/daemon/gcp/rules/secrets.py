"""Rules of secrets and their versions."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import secrets
from confkube_sandbox.daemon.gcp.checksum import crc32c
from confkube_sandbox.daemon.gcp.compute.families import regions
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.rules.sources import SECRETS, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_ID = re.compile(r"[a-zA-Z0-9_-]{1,255}")
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_LARGEST = 65_536


def _precondition(message: str) -> ApiError:
    return ApiError("failedPrecondition", message, 400, status_name="FAILED_PRECONDITION")


@rule("secretmanager", "projects.secrets.create", name="secretmanager.id-form", source=SECRETS, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def id_form(call: Call) -> None:
    """An id has letters, digits, dashes and underscores, at most 255."""
    given = call.query.get("secretId", "")
    if not _ID.fullmatch(given):
        text = f"The provided Secret ID [{given}] does not match the expected format [[a-zA-Z_0-9]+]"
        raise ApiError("badRequest", text)


@rule(
    "secretmanager",
    "projects.secrets.create",
    name="secretmanager.taken",
    source="https://github.com/google/exposure-notifications-verification-server/issues/456",
    date=SEEN,
    evidence=READ,
)
def taken(call: Call) -> None:
    """An id is used once in a project."""
    name = call.query["secretId"]
    if name in call.project.secrets:
        raise ApiError("alreadyExists", f"Secret [{secrets.secret_name(call, name)}] already exists.", 409)


@rule("secretmanager", "projects.secrets.create", name="secretmanager.replication", source=SECRETS, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def replication(call: Call) -> None:
    """A secret says where it is kept: chosen by Google, or in regions that are named and different."""
    given = call.body.get("replication", {})
    kinds = [each for each in ("automatic", "userManaged") if each in given]
    if len(kinds) != 1:
        raise ApiError("badRequest", "Field [replication] is required.")
    if kinds == ["automatic"]:
        return
    places = [each.get("location", "") for each in given["userManaged"].get("replicas", [])]
    if not places:
        raise ApiError("badRequest", "Field [replication.user_managed.replicas] is required.")
    for place in places:
        if place not in regions() or places.count(place) > 1:
            raise ApiError("badRequest", f"Invalid location [{place}] in [replication.user_managed.replicas].")


@rule("secretmanager", "projects.secrets.create projects.secrets.patch", name="secretmanager.labels", source=SECRETS,
      date=WRITTEN, evidence=RECALLED)  # fmt: skip
def labels(call: Call) -> None:
    """Labels have small letters, digits, underscores and dashes; there are at most 64."""
    given = call.body.get("labels", {})
    for key, value in given.items():
        if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            raise ApiError("badRequest", f"Label [{key}: {value}] is invalid.")
    if len(given) > 64:
        raise ApiError("badRequest", "A secret can have at most 64 labels.")


@rule("secretmanager", "projects.secrets.patch", name="secretmanager.mask", source=SECRETS, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def mask(call: Call) -> None:
    """A patch says what it changes, and where a secret is kept does not change."""
    given = [each.strip() for each in call.query.get("updateMask", "").split(",") if each.strip()]
    if not given:
        raise ApiError("badRequest", "Field [update_mask] is required.")
    for each in given:
        if not secrets.maskable(each):
            raise ApiError("badRequest", f"Field [{each}] cannot be updated.")


@rule("secretmanager", "projects.secrets.addVersion", name="secretmanager.payload", source=SECRETS, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def payload(call: Call) -> None:
    """A version has a value of 1 byte to 64 KiB, and the checksum that is sent along is right."""
    secrets.require(call)
    given = call.body.get("payload", {})
    data = base64.b64decode(given.get("data", ""))
    if not data:
        raise ApiError("badRequest", "Secret Payload cannot be empty.")
    if len(data) > _LARGEST:
        raise ApiError("badRequest", f"Secret Payload cannot be larger than {_LARGEST} bytes.")
    if "dataCrc32c" in given and int(given["dataCrc32c"]) != crc32c(data):
        raise ApiError("badRequest", "The checksum of the payload does not match data_crc32c.")


@rule(
    "secretmanager",
    "projects.secrets.versions.access",
    name="secretmanager.version-state",
    source="https://github.com/googleapis/google-api-python-client/issues/2767",
    date=SEEN,
    evidence=READ,
)
def version_state(call: Call) -> None:
    """Only an enabled version is handed out.

    https://github.com/google-github-actions/get-secretmanager-secrets/issues/268 shows the whole answer.
    """
    secret, number = secrets.require_version(call)
    version = secret.versions[number]
    if version["state"] != "ENABLED":
        raise _precondition(f"Secret Version [{version['name']}] is in {version['state']} state.")


@rule(
    "secretmanager",
    "projects.secrets.versions.enable projects.secrets.versions.disable projects.secrets.versions.destroy",
    name="secretmanager.version-destroyed",
    source="https://github.com/google-github-actions/get-secretmanager-secrets/issues/268",
    date=SEEN,
    evidence=READ,
)
def version_destroyed(call: Call) -> None:
    """What is destroyed stays so; the source shows the words for reading it."""
    secret, number = secrets.require_version(call)
    version = secret.versions[number]
    if version["state"] == "DESTROYED":
        raise _precondition(f"Secret Version [{version['name']}] is in DESTROYED state.")
