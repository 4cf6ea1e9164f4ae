"""Secret Manager: secrets, their versions, and who may read them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import policies
from confkube_sandbox.daemon.gcp.checksum import crc32c
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.model import Body, Secret
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_MASKED = frozenset({"labels", "annotations", "versionAliases", "ttl", "expireTime", "topics", "rotation",
                     "versionDestroyTtl", "etag"})  # fmt: skip
_PAGE = 25


@serves("secretmanager.projects.secrets.create")
def create(call: Call) -> Body:
    """Make a secret without a version."""
    name = call.query["secretId"]
    body: Body = {
        "name": secret_name(call, name),
        "createTime": _stamp(call),
        "etag": _etag(call),
        **call.body,
    }
    call.project.secrets[name] = Secret(body=body)
    return body


@serves("secretmanager.projects.secrets.get")
def get(call: Call) -> Body:
    """Show a secret, not its value."""
    return require(call).body


@serves("secretmanager.projects.secrets.list")
def list_(call: Call) -> Body:
    """List the secrets."""
    found = [each.body for _, each in sorted(call.project.secrets.items())]
    return _page(call, "secrets", found)


@serves("secretmanager.projects.secrets.patch")
def patch(call: Call) -> Body:
    """Change what the mask names."""
    secret = require(call)
    for path in call.query["updateMask"].split(","):
        name = _camel(path.strip())
        secret.body.pop(name, None)
        if call.body.get(name):
            secret.body[name] = call.body[name]
    secret.body["etag"] = _etag(call)
    return secret.body


@serves("secretmanager.projects.secrets.delete")
def delete(call: Call) -> Body:
    """Delete a secret with all its versions, at once and for good."""
    require(call)
    del call.project.secrets[call.path["secretsId"]]
    return {}


@serves("secretmanager.projects.secrets.addVersion")
def add_version(call: Call) -> Body:
    """Give a secret a new value."""
    secret = require(call)
    number = max(secret.versions, default=0) + 1
    body: Body = {
        "name": f"{secret.body['name']}/versions/{number}",
        "createTime": _stamp(call),
        "state": "ENABLED",
        "etag": _etag(call),
        "replicationStatus": _replication(secret),
        "clientSpecifiedPayloadChecksum": "dataCrc32c" in call.body["payload"],
    }
    if not body["clientSpecifiedPayloadChecksum"]:
        del body["clientSpecifiedPayloadChecksum"]
    secret.versions[number] = body
    secret.payloads[number] = call.body["payload"]["data"]
    return body


@serves("secretmanager.projects.secrets.versions.get")
def get_version(call: Call) -> Body:
    """Show a version, not its value."""
    secret, number = require_version(call)
    return secret.versions[number]


@serves("secretmanager.projects.secrets.versions.list")
def list_versions(call: Call) -> Body:
    """List the versions of a secret, newest first."""
    secret = require(call)
    return _page(call, "versions", [each for _, each in sorted(secret.versions.items(), reverse=True)])


@serves("secretmanager.projects.secrets.versions.access")
def access(call: Call) -> Body:
    """Hand out the value of a version."""
    secret, number = require_version(call)
    data = secret.payloads[number]
    checksum = crc32c(base64.b64decode(data))
    return {"name": secret.versions[number]["name"], "payload": {"data": data, "dataCrc32c": str(checksum)}}


@serves(
    "secretmanager.projects.secrets.versions.enable",
    "secretmanager.projects.secrets.versions.disable",
    "secretmanager.projects.secrets.versions.destroy",
)
def change_version(call: Call) -> Body:
    """Enable, disable or destroy a version."""
    secret, number = require_version(call)
    version = secret.versions[number]
    verb = call.operation.rpartition(".")[2]
    version["state"] = {"enable": "ENABLED", "disable": "DISABLED", "destroy": "DESTROYED"}[verb]
    version["etag"] = _etag(call)
    if verb == "destroy":
        version["destroyTime"] = _stamp(call)
        secret.payloads.pop(number, None)
    return version


@serves("secretmanager.projects.secrets.getIamPolicy")
def get_policy(call: Call) -> Body:
    """Show who may do what with a secret."""
    return policies.shown(require(call).policy)


@serves("secretmanager.projects.secrets.setIamPolicy")
def set_policy(call: Call) -> Body:
    """Say who may do what with a secret."""
    secret = require(call)
    secret.policy = policies.replaced(call)
    return policies.shown(secret.policy)


def secret_name(call: Call, name: str) -> str:
    """Return the full name of a secret, which has the number of the project."""
    return f"projects/{call.project.number}/secrets/{name}"


def require(call: Call) -> Secret:
    """Return the secret that the path names.

    Raises:
        ApiError: There is none.
    """
    name = call.path["secretsId"]
    found = call.project.secrets.get(name)
    if found is None:
        raise ApiError("notFound", f"Secret [{secret_name(call, name)}] not found.", 404)
    return found


def require_version(call: Call) -> tuple[Secret, int]:
    """Return the version that the path names, by its number or as ``latest``.

    Raises:
        ApiError: There is none.
    """
    name, wanted = call.path["secretsId"], call.path["versionsId"]
    secret = call.project.secrets.get(name)
    if secret is None or not secret.versions:
        raise ApiError("notFound", f"Secret [{secret_name(call, name)}] not found or has no versions.", 404)
    number = max(secret.versions) if wanted == "latest" else int(wanted) if wanted.isdigit() else 0
    number = int(secret.body.get("versionAliases", {}).get(wanted, number))
    if number not in secret.versions:
        raise ApiError("notFound", f"Secret Version [{secret_name(call, name)}/versions/{wanted}] not found.", 404)
    return secret, number


def _replication(secret: Secret) -> Body:
    held = secret.body["replication"]
    if "userManaged" not in held:
        return {"automatic": {}}
    return {"userManaged": {"replicas": [{"location": each["location"]} for each in held["userManaged"]["replicas"]]}}


def _page(call: Call, member: str, found: list[Body]) -> Body:
    start = int(call.query.get("pageToken") or 0)
    size = int(call.query.get("pageSize") or _PAGE)
    answer: Body = {"totalSize": len(found)}
    if found[start : start + size]:
        answer[member] = found[start : start + size]
    return {**answer, "nextPageToken": str(start + size)} if start + size < len(found) else answer


def _stamp(call: Call) -> str:
    return call.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _etag(call: Call) -> str:
    return f'"{int(call.new_id()):x}"'


def _camel(path: str) -> str:
    head, *rest = path.split("_")
    return head + "".join(each.title() for each in rest)


def maskable(path: str) -> bool:
    """Whether a field of a secret can be changed."""
    return _camel(path.partition(".")[0]) in _MASKED
