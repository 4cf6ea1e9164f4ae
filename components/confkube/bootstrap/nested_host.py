"""Renders the user data of a host that starts child machines from a declarative file."""

import json
import re

from confkube.bootstrap.document import Machine
from confkube.bootstrap.files import BootFile, packed, static, stripped
from confkube.bootstrap.host_runtime import MSHV as ROOT_PARTITION
from confkube.bootstrap.nested_command import command, needs
from confkube.bootstrap.nested_values import (
    COMPUTED_ELSEWHERE,
    MSHV,
    NO_TEE,
    NOT_CONFIDENTIAL,
    NOT_MEASURED,
    UNPROVEN,
    NestedHostBoot,
)
from confkube.bootstrap.overlay import OVERLAY_UNITS, overlay_files
from confkube.bootstrap.parts import ETC, LIBRARY, common_files, finish, host_files, package_manager, scripts, units

CHILDREN_FILE, CHILDREN_USER_DATA = f"{ETC}/children.json", f"{ETC}/children-user-data"
"""The declarative file on the host, and the boot text that it names."""

_DOCSTRING = re.compile(r'^[ ]*"""(?:[^"]|"(?!""))*"""\n', re.MULTILINE)
_PROGRAM = ("__main__.py", "plan.py")


def nested_host(boot: NestedHostBoot) -> str:
    """Return the user data of a host of children.

    Raises:
        Refusal: It is larger than the platform takes, or a value cannot be carried.
    """
    software, runtime = boot.software, ROOT_PARTITION if boot.children.hypervisor == MSHV else None
    variables, host = host_files(runtime) if runtime else ({}, [])
    packages = {*software.packages, *software.host_packages, *(runtime.packages if runtime else ())}
    secret = boot.profile.secret_address.format(name=boot.secret_name) if boot.secret_name else ""
    variables |= {"CONTAINERD": "", "PACKAGES": " ".join(sorted(packages)), "SECRET_ADDRESS": secret}
    files = [
        *common_files(boot.profile, [], variables),
        *package_manager(software),
        *host,
        *overlay_files(boot.overlay, boot.number),
        *_children(boot),
        *scripts("children.sh"),
        *(packed(f"{LIBRARY}/children/{name}", _undocumented(static("children", name))) for name in _PROGRAM),
        *units("confkube-children.service", "confkube-children.path", "confkube-children-changed.service"),
        *units("confkube-child@.service"),
    ]
    started = ["confkube-install", "confkube-firewall", *(["confkube-host"] if host else [])]
    started += [*OVERLAY_UNITS, "confkube-children", "confkube-children.path"]
    machine = Machine(role=f"host {boot.number} of children", cluster_id=boot.cluster_id, files=files, units=started)
    return finish(machine, boot.extra_user_data, boot.profile)


def _undocumented(program: str) -> str:
    return _DOCSTRING.sub("", program).lstrip("\n")


def _children(boot: NestedHostBoot) -> list[BootFile]:
    children = boot.children
    files = {"image": children.image, "kernel": children.kernel, "initrd": children.initrd, "igvm": children.igvm}
    document = {
        "hypervisor": children.hypervisor,
        "tee": children.tee,
        "note": NOT_CONFIDENTIAL if children.tee == NO_TEE else UNPROVEN,
        "measurement": COMPUTED_ELSEWHERE if children.igvm else NOT_MEASURED,
        "count": children.count,
        "vcpus": children.vcpus,
        "memory_mib": children.memory_mib,
        "disk_gib": children.disk_gib,
        "files": {name: [file.sha256, file.url] for name, file in files.items() if file},
        "command": command(children),
        "needs": needs(children),
        "user_data": CHILDREN_USER_DATA,
        "bound": children.bound_digest,
        "names": boot.child_name(0).removesuffix("0"),
        "gateway": str(boot.overlay.gateway(boot.number)),
        "first_address": str(boot.overlay.child(boot.number, 1)),
    }
    if boot.secret_name:
        text = packed(f"{LIBRARY}/fetch-secret", stripped(boot.profile.fetch_secret), 0o700)
    else:
        text = packed(CHILDREN_USER_DATA, children.user_data)
    return [packed(CHILDREN_FILE, json.dumps(document, indent=1) + "\n"), text]
