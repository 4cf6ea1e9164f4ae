"""What lives in the kernel and not in files: settings, modules, links, rules, mounts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

from .files import mounted
from .said import note, run

_SETTINGS = (
    "net.ipv4.ip_forward",  # first: a change of it changes others
    "kernel.keys.root_maxbytes",
    "kernel.keys.root_maxkeys",
    "kernel.panic",
    "kernel.panic_on_oops",
    "net.ipv4.conf.all.forwarding",
    "net.ipv4.conf.all.route_localnet",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.default.rp_filter",
    "net.ipv6.conf.all.forwarding",
    "vm.overcommit_memory",
    "vm.panic_on_oom",
)
"""What kubelet, kube-proxy and network add-ons set beside the files of boot text."""
_LINKS = re.compile(r"cni\d+|flannel\S*|cilium_\S*|lxc\S+|kube-ipvs\d*|nodelocaldns|veth\S+")
_TABLES = re.compile(r"kube-proxy|confkube|flannel-ipv[46]|cilium\S*")
_CHAINS = re.compile(r"(KUBE|CNI|FLANNEL|CILIUM|OLD_CILIUM)[-_]\S*")
_PINS = ("/sys/fs/bpf/cilium", "/sys/fs/bpf/tc/globals")


def look(files: list[dict[str, Any]]) -> dict[str, Any]:
    """What is there now: settings that ``files`` will change among them."""
    keys = dict.fromkeys(_SETTINGS)
    for each in files:
        if each["path"].startswith("/etc/sysctl.d/"):
            found = re.findall(r"^-?([\w.-]+)\s*=", each["content"], re.MULTILINE)
            keys.update(dict.fromkeys(found))
    return {
        "settings": {key: _setting(key) for key in keys},
        "modules": _modules(),
        "links": sorted(path.name for path in Path("/sys/class/net").iterdir()),
        "tables": _tables(),
    }


def unmount_below(folders: tuple[str, ...]) -> None:
    """Unmount what is mounted strictly below the folders, the deepest first."""
    inside = [point for point in mounted() if any(point.startswith(f"{folder}/") for folder in folders)]
    for point in sorted(inside, key=len, reverse=True):
        if run("umount", point).returncode:
            run("umount", "--lazy", point)


def clean_network(before: dict[str, Any]) -> None:
    """Remove the links, tables and rules of Kubernetes' networks that were not there before."""
    for pin in _PINS:
        run("rm", "-rf", "--one-file-system", pin)
    for path in sorted(Path("/sys/class/net").iterdir()):
        if path.name not in before["links"] and _LINKS.fullmatch(path.name):
            run("ip", "link", "delete", path.name)
    for path in sorted(Path("/run/netns").glob("cni-*")):
        run("ip", "netns", "delete", path.name)
    _clean_rules(before["tables"] or [])


def _clean_rules(kept: list[str]) -> None:
    listed = run("nft", "-j", "list", "ruleset")
    if listed.returncode:
        return  # without nft nothing of ours made any
    rows = cast("list[dict[str, dict[str, Any]]]", json.loads(listed.stdout)["nftables"])
    tables = [row["table"] for row in rows if "table" in row]
    chains = [row["chain"] for row in rows if "chain" in row]
    rules = [row["rule"] for row in rows if "rule" in row]
    for table in tables:
        family, name = str(table["family"]), str(table["name"])
        if f"{family} {name}" in kept:
            own = [chain for chain in chains if (chain["family"], chain["table"]) == (family, name)]
            _clean_chains(family, name, own, rules)
        elif _TABLES.fullmatch(name) or _only_ours(family, name, chains, rules):
            run("nft", "delete", "table", family, name)
        else:
            own = [chain for chain in chains if (chain["family"], chain["table"]) == (family, name)]
            _clean_chains(family, name, own, rules)


def _clean_chains(family: str, table: str, chains: list[dict[str, Any]], rules: list[dict[str, Any]]) -> None:
    ours = {str(chain["name"]) for chain in chains if _CHAINS.fullmatch(str(chain["name"]))}
    for rule in rules:
        here = (rule["family"], rule["table"]) == (family, table)
        if here and rule["chain"] not in ours and _leads_to(rule, ours):
            run("nft", "delete", "rule", family, table, str(rule["chain"]), "handle", str(rule["handle"]))
    for name in sorted(ours):
        run("nft", "flush", "chain", family, table, name)
    for name in sorted(ours):
        run("nft", "delete", "chain", family, table, name)


def _only_ours(family: str, table: str, chains: list[dict[str, Any]], rules: list[dict[str, Any]]) -> bool:
    """Whether a table has no chain but ours and the built-in ones, and nothing in those that does not lead to ours."""
    own = [chain for chain in chains if (chain["family"], chain["table"]) == (family, table)]
    ours = {str(chain["name"]) for chain in own if _CHAINS.fullmatch(str(chain["name"]))}
    others = [chain for chain in own if chain["name"] not in ours and "hook" not in chain]
    strange = [
        rule
        for rule in rules
        if (rule["family"], rule["table"]) == (family, table)
        and rule["chain"] not in ours
        and not _leads_to(rule, ours)
    ]
    return bool(ours) and not others and not strange


def _leads_to(rule: dict[str, Any], chains: set[str]) -> bool:
    targets = [each.get(verb) for each in rule.get("expr", []) for verb in ("jump", "goto")]
    return any(isinstance(each, dict) and cast("dict[str, Any]", each).get("target") in chains for each in targets)


def put_back(before: dict[str, Any]) -> None:
    """Restore settings, and unload modules that were not loaded before, where nothing uses them."""
    for key, value in before["settings"].items():
        if value is not None and _setting(key) not in (None, value):
            run("sysctl", "-q", "-w", f"{key}={value}")
    left = [name for name in _modules() if name not in before["modules"]]
    for _ in left:
        for name in left:
            run("modprobe", "--remove", "--quiet", name)
    if stays := [name for name in _modules() if name not in before["modules"]]:
        note(f"modules that stay loaded until the next boot: {' '.join(sorted(stays))}")


def _setting(key: str) -> str | None:
    try:
        return Path("/proc/sys", *key.split(".")).read_text().strip()
    except OSError:
        return None


def _modules() -> list[str]:
    try:
        return [line.split(" ")[0] for line in Path("/proc/modules").read_text().splitlines()]
    except OSError:
        return []


def _tables() -> list[str] | None:
    listed = run("nft", "-j", "list", "tables")
    if listed.returncode:
        return None
    rows = cast("list[dict[str, dict[str, Any]]]", json.loads(listed.stdout)["nftables"])
    return [f"{row['table']['family']} {row['table']['name']}" for row in rows if "table" in row]
