"""Configuration of what runs in a pod's machine: attestation agent (aa.toml) and confidential data hub (cdh.toml).

Source: attestation-agent/attestation-agent/src/config/, confidential-data-hub/hub/src/config.rs and
image-rs/src/config.rs of github.com/confidential-containers/guest-components at v0.21.0 (da8d93f2), read 2026-11-27:
a copy of the schema that the real programs have not judged. They ignore what they do not know; these models do not.
"""

import re
import tomllib
from dataclasses import dataclass, field

from confkube.attest import toml
from confkube.attest.image_policy import checked as checked_policy
from confkube.errors import Refusal, choose
from confkube.parse import parse

HUB_SOCKET = "unix:///run/confidential-containers/cdh.sock"
CREDENTIALS = "/run/confidential-containers/cdh/kbs/"
"""Below it, and nowhere else, the hub puts what it fetches at its start."""

_KEY_ALGORITHMS = ("ECDH-ES+A256KW-P256", "ECDH-ES+A256KW-P521", "RSA-OAEP-256")
_LEVELS = ("error", "warn", "info", "debug", "trace")
_RESOURCE = re.compile(r"kbs:///[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*){2}")
_URL = re.compile(r"https://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._/-]*)?")


@dataclass(frozen=True, kw_only=True)
class Log:
    """How much is logged."""

    level: str = "info"

    def __post_init__(self) -> None:
        if self.level not in _LEVELS:
            raise choose("level", self.level, _LEVELS)


@dataclass(frozen=True, kw_only=True)
class AgentKbs:
    """The Trustee that the agent proves itself to, and the only root that it believes."""

    url: str
    cert: str
    tee_key_algorithm: str | None = None

    def __post_init__(self) -> None:
        _https("url", self.url)
        _certificate("cert", self.cert)
        if self.tee_key_algorithm is not None and self.tee_key_algorithm not in _KEY_ALGORITHMS:
            raise choose("tee_key_algorithm", self.tee_key_algorithm, _KEY_ALGORITHMS)


@dataclass(frozen=True, kw_only=True)
class CocoAs:
    """An attestation service that gives tokens without a broker."""

    url: str

    def __post_init__(self) -> None:
        _https("url", self.url)


@dataclass(frozen=True, kw_only=True)
class TokenConfigs:
    """Where tokens come from."""

    kbs: AgentKbs | None = None
    coco_as: CocoAs | None = None


@dataclass(frozen=True, kw_only=True)
class EventLog:
    """Whether events are measured into a register."""

    init_pcr: int
    enable_eventlog: bool


@dataclass(frozen=True, kw_only=True)
class AgentConfig:
    """A whole ``aa.toml``."""

    token_configs: TokenConfigs
    eventlog_config: EventLog | None = None
    log: Log | None = None

    def render(self) -> str:
        """Return the file."""
        return toml.render(toml.values_of(self))


@dataclass(frozen=True, kw_only=True)
class Kbc:
    """The Trustee that the hub fetches resources from."""

    url: str
    kbs_cert: str
    name: str = "cc_kbc"

    def __post_init__(self) -> None:
        if self.name != "cc_kbc":
            raise choose("name", self.name, ("cc_kbc",), "the others attest to nobody")
        _https("url", self.url)
        _certificate("kbs_cert", self.kbs_cert)


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A resource that the hub writes to a file at its start."""

    path: str
    resource_uri: str

    def __post_init__(self) -> None:
        if not self.path.startswith(CREDENTIALS) or ".." in self.path.split("/"):
            raise ValueError(f"path: {self.path!r} is not below {CREDENTIALS}")
        _resource("resource_uri", self.resource_uri)


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A way out for pulls of images."""

    https_proxy: str | None = None
    http_proxy: str | None = None
    no_proxy: str | None = None


@dataclass(frozen=True, kw_only=True)
class ImagePull:
    """How the machine pulls images; without a security policy it checks no signature."""

    image_security_policy_uri: str | None = None
    image_security_policy: str | None = None
    sigstore_config_uri: str | None = None
    sigstore_config: str | None = None
    authenticated_registry_credentials_uri: str | None = None
    registry_configuration_uri: str | None = None
    max_concurrent_layer_downloads_per_image: int | None = None
    extra_root_certificates: tuple[str, ...] = ()
    image_pull_proxy: Proxy | None = None
    work_dir: str | None = None

    def __post_init__(self) -> None:
        for name in ("image_security_policy_uri", "sigstore_config_uri", "authenticated_registry_credentials_uri",
                     "registry_configuration_uri"):  # fmt: skip
            value: str | None = getattr(self, name)
            if value is not None and not value.startswith("file:///"):
                _resource(name, value)
        if self.image_security_policy_uri and self.image_security_policy:
            raise ValueError("image_security_policy is ignored beside image_security_policy_uri; give one of them")
        if self.image_security_policy is not None:
            checked_policy(self.image_security_policy)
        for pem in self.extra_root_certificates:
            _certificate("extra_root_certificates", pem)


@dataclass(frozen=True, kw_only=True)
class HubConfig:
    """A whole ``cdh.toml``."""

    kbc: Kbc
    credentials: tuple[Credential, ...] = ()
    image: ImagePull = field(default_factory=ImagePull)
    socket: str = HUB_SOCKET
    skip_sealed_secret_verification: bool | None = None
    log: Log | None = None

    def __post_init__(self) -> None:
        if self.skip_sealed_secret_verification:
            raise ValueError("skip_sealed_secret_verification is refused: a host could replace a sealed secret")

    def render(self) -> str:
        """Return the file; an empty ``[image]`` stands in it, because without one the kernel command line counts."""
        image: dict[str, object] = {"image": {}}
        return toml.render(image | toml.values_of(self))


def read_agent(text: str) -> AgentConfig:
    """Read an ``aa.toml`` by this copy of the schema.

    Raises:
        Refusal: It is no TOML, or has something unknown or unsafe in it.
    """
    return parse(AgentConfig, _loaded(text, "aa.toml"), "aa.toml")


def read_hub(text: str) -> HubConfig:
    """Read a ``cdh.toml`` by this copy of the schema.

    Raises:
        Refusal: It is no TOML, or has something unknown or unsafe in it.
    """
    return parse(HubConfig, _loaded(text, "cdh.toml"), "cdh.toml")


def _loaded(text: str, what: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"{what}: this is no TOML: {error}") from None


def _https(what: str, url: str) -> None:
    if not _URL.fullmatch(url):
        raise ValueError(f"{what}: {url!r} is not an address that starts with https://")


def _certificate(what: str, pem: str) -> None:
    if not pem.strip().startswith("-----BEGIN CERTIFICATE-----") or "PRIVATE" in pem:
        raise ValueError(f"{what}: it must hold PEM certificates and nothing else")


def _resource(what: str, uri: str) -> None:
    if not _RESOURCE.fullmatch(uri):
        raise ValueError(f"{what}: {uri!r} is not of the form kbs:///repository/type/tag")
