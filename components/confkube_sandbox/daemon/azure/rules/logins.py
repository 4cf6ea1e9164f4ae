"""Rules of Microsoft.Compute on the system of a machine: host name, boot data, login, identities."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources, spec
from confkube_sandbox.daemon.azure.services import links, machines
from confkube_sandbox.daemon.rules import READ, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call

_LARGEST_DATA = 65535
_LONGEST_DATA = 87380
_HOST = re.compile(r"(?!.*[\\/\"\[\]:|<>+=;,?*@&\s_])(?!-)(?!.*[.-]$).+")
_RESERVED_USERS = frozenset(
    ["admin", "administrator", "root", "guest", "test", "user", "user1", "console", "sys", "support", "owner"]
)


@rule("compute", spec.WRITES, name="compute.host-name", source=sources.HOST_NAME, date=sources.SEEN, evidence=READ)
def host_name(call: Call) -> None:
    """A Linux host name has at most 64 characters (read), a prefix 58 (recalled), and no special ones."""
    is_set = call.kind.type == links.SET
    target = "computerNamePrefix" if is_set else "computerName"
    name = spec.of(call).at(f"osProfile.{target}")
    if name is None and not is_set:
        name = call.target.name if call.at("properties.osProfile") else None
    if name is None:
        return
    most = 58 if is_set else 64
    body = str(name).rstrip("-") if is_set else str(name)
    if len(str(name)) > most or not _HOST.fullmatch(body or " "):
        text = (
            f"Linux host name {'prefix ' if is_set else ''}cannot exceed {most} characters in length or contain the "
            "following characters: ` ~ ! @ # $ % ^ & * ( ) = + _ [ ] { } \\ | ; : ' \" , < > / ?."
        )
        raise ArmError("InvalidParameter", text, target=target)


@rule("compute", spec.WRITES, name="compute.custom-data", source=sources.CUSTOM_DATA, date=sources.SEEN, evidence=READ)
def custom_data(call: Call) -> None:
    """Boot data is base64 of at most 65535 bytes."""
    given = spec.of(call).at("osProfile.customData")
    if given is None:
        return
    try:
        size = len(base64.b64decode(str(given), validate=True))
    except (binascii.Error, ValueError):
        size = -1
    if not 0 <= size <= _LARGEST_DATA:
        text = (
            "Custom data in OSProfile must be in Base64 encoding and with a maximum length of "
            f"{_LONGEST_DATA} characters."
        )
        raise ArmError("InvalidParameter", text, target="customData")


@rule("compute", spec.WRITES, name="compute.login", source=sources.LOGIN, date=sources.SEEN, evidence=READ)
def login(call: Call) -> None:
    """A Linux machine has a key or a password for its administrator."""
    profile = spec.of(call).at("osProfile")
    if not profile or call.existing is not None:
        return
    linux = ids.part(profile, "linuxConfiguration")
    keys = ids.rows(linux, "ssh.publicKeys")
    if (linux.get("disablePasswordAuthentication") or not profile.get("adminPassword")) and not keys:
        text = "Authentication using either SSH or by user name and password must be enabled in Linux profile."
        raise ArmError("InvalidParameter", text, target="linuxConfiguration")


@rule("compute", spec.WRITES, name="compute.ssh-key", source=sources.SSH_KEY, date=sources.SEEN, evidence=READ)
def ssh_key(call: Call) -> None:
    """Keys are SSH public keys, in the home of the administrator."""
    profile = spec.of(call).part("osProfile")
    user = str(profile.get("adminUsername", ""))
    for each in ids.rows(profile, "linuxConfiguration.ssh.publicKeys"):
        data = str(each.get("keyData", ""))
        if not re.match(r"(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+", data):
            text = "The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid."
            raise ArmError("InvalidParameter", text, target="linuxConfiguration.ssh.publicKeys.keyData")
        path = f"/home/{user}/.ssh/authorized_keys"
        if each.get("path") != path:
            text = (
                "Destination path for SSH public keys is currently limited to its default value "
                f"{path}  due to a known issue in Linux provisioning agent."
            )
            raise ArmError("InvalidParameter", text, target="linuxConfiguration.ssh.publicKeys.path")


@rule("compute", spec.WRITES, name="compute.admin-name", source=sources.ADMIN_NAME, date=sources.SEEN, evidence=READ)
def admin_name(call: Call) -> None:
    """An administrator has a name, and none that is common."""
    profile = spec.of(call).at("osProfile")
    if not profile or call.existing is not None:
        return
    user = str(profile.get("adminUsername") or "")
    if not user:
        text = "Required parameter 'adminUsername' is missing (null)."
        raise ArmError("InvalidParameter", text, target="adminUsername")
    if user.lower() in _RESERVED_USERS:
        text = "The Admin Username specified is not allowed."
        raise ArmError("InvalidParameter", text, target="adminUsername")


@rule("compute", spec.WRITES, name="compute.identity-exists", source=sources.IDENTITY, date=sources.SEEN, evidence=READ)
def identity_exists(call: Call) -> None:
    """User-assigned identities exist (the text was read, its code in another thread)."""
    for each in links.identity_users(call.body):
        held = call.memory.get(each)
        if held is None or held.type != machines.IDENTITY:
            told = json.dumps({"error": {"code": "BadRequest", "message": f"Resource '{each}' was not found."}})
            text = (
                f"Identity operation for resource '{call.id}' failed with error 'Failed to perform resource identity "
                f"operation. Status: 'BadRequest'. Response: '{told}'.'."
            )
            raise ArmError("FailedIdentityOperation", text)


@rule(
    "compute", spec.WRITES, name="compute.identity-type", source=sources.IDENTITY_TYPE, date=sources.SEEN, evidence=READ
)
def identity_type(call: Call) -> None:
    """User-assigned identities are named exactly where the type says so."""
    kind = str(call.part("identity").get("type") or "")
    if links.identity_users(call.body) and "UserAssigned" not in kind:
        text = f'ResourceIdentity identityIds should not be provided if the type is "{kind or "None"}".'
        raise ArmError("InvalidParameter", text, target="resourceIdentity.identityIds")
