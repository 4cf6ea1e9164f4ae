"""A SPIRE plugin: its name, its data, and for an external one its program with the program's digest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self, cast

from confkube.attest.hcl import Block
from confkube.errors import Refusal, choose

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEYS = ("command", "data", "name", "sha256")
_SECRET_KEYS = ("access_key", "password", "private_key", "secret", "token")
_SECRET_SUFFIXES = ("_file", "_path", "_paths")

# https://github.com/spiffe/spire/tree/v1.15.3/doc, read 2026-11-24: SPIRE ignores an unknown key of most plugins.
_DATA: Mapping[tuple[str, str], frozenset[str]] = {
    ("agent", "join_token"): frozenset(),
    ("server", "join_token"): frozenset(),
    ("agent", "azure_imds"): frozenset({"tenant_domain"}),
    ("server", "azure_imds"): frozenset({"tenants", "agent_path_template", "allowed_metadata_domains"}),
    ("agent", "gcp_iit"): frozenset({"identity_token_host", "service_account"}),
    ("server", "gcp_iit"): frozenset(
        {
            "projectid_allow_list",
            "use_instance_metadata",
            "service_account_file",
            "allowed_label_keys",
            "allowed_metadata_keys",
            "max_metadata_value_size",
            "agent_path_template",
        }
    ),
    ("agent", "x509pop"): frozenset({"private_key_path", "certificate_path", "intermediates_path"}),
    ("server", "x509pop"): frozenset(
        {"mode", "spiffe_prefix", "ca_bundle_path", "ca_bundle_paths", "agent_path_template"}
    ),
}


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A plugin of a SPIRE agent or server.

    Attributes:
        name: The plugin's name.
        data: Its configuration; never a secret itself, only paths of files.
        command: Program of an external plugin, an absolute path.
        sha256: Digest of that program, hex; required with ``command``.
    """

    name: str
    data: Mapping[str, object] = field(default_factory=dict[str, object])
    command: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise Refusal(f"plugin name: {self.name!r} is not a word of lower-case letters, digits and underscores")
        if bool(self.command) != bool(self.sha256):
            raise Refusal(f"plugin {self.name}: give command and sha256 together, or neither")
        if self.command and not self.command.startswith("/"):
            raise Refusal(f"plugin {self.name}: command {self.command!r} is not an absolute path")
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            raise Refusal(f"plugin {self.name}: {self.sha256!r} is not a sha256 of 64 lower-case hex digits")
        for key in self.data:
            if any(word in key for word in _SECRET_KEYS) and not key.endswith(_SECRET_SUFFIXES):
                raise Refusal(
                    f"plugin {self.name}: {key!r} would put a secret into boot text; use an identity of the machine"
                )

    @classmethod
    def parse(cls, what: str, given: Mapping[str, object]) -> Self:
        """Read a plugin from plain data.

        Raises:
            Refusal: A key is unknown or missing, or a value has the wrong type.
        """
        for key in given:
            if key not in _KEYS:
                raise choose(f"{what} key", key, _KEYS)
        name, data = given.get("name"), given.get("data", {})
        command, sha256 = given.get("command", ""), given.get("sha256", "")
        if not isinstance(name, str) or not isinstance(command, str) or not isinstance(sha256, str):
            raise Refusal(f"{what}: name, command and sha256 are texts, and name is required")
        if not isinstance(data, Mapping):
            raise Refusal(f"{what}: data is not a mapping but a {type(data).__name__}")
        return cls(name=name, data=cast("Mapping[str, object]", data), command=command, sha256=sha256)

    def known(self, side: str) -> Self:
        """Refuse unknown data of a plugin whose fields are recorded here; ``side`` is agent or server."""
        fields = _DATA.get((side, self.name))
        for key in self.data:
            if fields is not None and key not in fields:
                raise choose(f"{side} plugin {self.name} data", key, fields)
        return self

    def block(self, kind: str) -> Block:
        """The plugin's block in a configuration, for example of kind ``NodeAttestor``."""
        external = {"plugin_cmd": self.command, "plugin_checksum": self.sha256} if self.command else {}
        return Block(
            kind=kind,
            label=self.name,
            attributes=external,
            blocks=(Block(kind="plugin_data", attributes=self.data),),
        )
