"""Initdata: the bytes are kept, the digest becomes what each field of evidence holds, unknown things are refused."""

import base64
import gzip
import hashlib
import tomllib

import pytest
from boot import samples

from confkube.attest import guest, image_policy, kata_policy
from confkube.attest.guest import (
    AgentConfig,
    AgentKbs,
    CocoAs,
    Credential,
    EventLog,
    HubConfig,
    ImagePull,
    Kbc,
    Log,
    Proxy,
    TokenConfigs,
    read_agent,
    read_hub,
)
from confkube.attest.initdata import AGENT, HUB, POLICY, Binding, Initdata
from confkube.errors import Refusal

# The first of the vectors that were computed by hand and with other programs; its 92 bytes are written out here.
VECTOR = b"version = \"0.1.0\"\nalgorithm = \"sha256\"\n\n[data]\n\"policy.rego\" = '''\npackage agent_policy\n'''\n"
SHA256 = "de13bc5f55d5ac001d039625810afd56336b0a9b7ba5eb547d294368d639c533"
SHA384 = "42ae8e3ff96daac6446ee724549fd25022ec66e8ff01d711bc12243f293f082a188bff62e33fb8eca730f7fa180e689b"
PCR8 = "81cf61bcf1775feb6314d0f27769c7753a51203624174110d5a4574fc3fd10b9"


def test_the_vector():
    document = Initdata.make({POLICY: "package agent_policy\n"})
    assert document.content == VECTOR
    assert len(VECTOR) == 92
    assert document.digest.hex() == document.claim(Binding.HOST_DATA) == SHA256
    assert document.host_data_argument() == "3hO8X1XVrAAdA5YlgQr9VjNrCpt7petUfSlDaNY5xTM="
    assert document.claim(Binding.MRCONFIGID) == SHA256 + "00" * 16
    assert document.claim(Binding.PCR8) == PCR8


def test_the_vector_by_a_longer_digest():
    document = Initdata(content=VECTOR, algorithm="sha384", data={})
    assert document.digest.hex() == document.claim(Binding.MRCONFIGID) == SHA384
    assert document.claim(Binding.HOST_DATA) == SHA384[:64]
    with pytest.raises(Refusal, match="choose sha256"):
        document.field(Binding.PCR8)
    assert len(Initdata(content=VECTOR, algorithm="sha512", data={}).field(Binding.MRCONFIGID)) == 48


def test_the_register_is_extended_once_with_the_digest():
    assert hashlib.sha256(bytes(32) + bytes.fromhex(SHA256)).hexdigest() == PCR8


def test_nothing_is_claimed_where_nothing_is_bound():
    with pytest.raises(Refusal, match="binds it to no evidence"):
        Initdata.make({POLICY: "package agent_policy\n"}).claim(Binding.UNBOUND)


def test_the_bytes_are_kept():
    text = b'# mine\nalgorithm = "sha512"\n\n\nversion = "0.1.0"\n[data]\n"policy.rego" = "package agent_policy"'
    document = Initdata.read(text)
    assert document.content == text
    assert document.digest == hashlib.sha512(text).digest()
    assert Initdata.decode(document.encoded()).content == text


def test_the_annotation_is_gzip_without_a_time():
    document = Initdata.make({POLICY: kata_policy.hardened()})
    packed = base64.b64decode(document.encoded(), validate=True)
    assert packed[4:8] == bytes(4)
    assert gzip.decompress(packed) == document.content
    assert document.encoded() == Initdata.make({POLICY: kata_policy.hardened()}).encoded()


def test_a_whole_document_reads_back():
    data = {AGENT: agent().render(), HUB: hub().render(), POLICY: kata_policy.hardened()}
    document = Initdata.make(data)
    found = tomllib.loads(document.content.decode())["data"]
    assert found == data
    assert read_agent(found[AGENT]) == agent()
    assert read_hub(found[HUB]) == hub()
    assert Initdata.make(dict(reversed(data.items()))).content == document.content


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "there is nothing in it"),
        ({"other.toml": "a\n"}, "choose one of aa.toml, cdh.toml, policy.rego"),
        ({POLICY: "'''\n"}, "would not be carried as it is"),
        ({POLICY: "ä\n"}, "would not be carried as it is"),
        ({POLICY: "package agent_policy"}, "does not end with a newline"),
    ],
)
def test_what_cannot_be_carried_is_refused(data, message):
    with pytest.raises(Refusal) as refused:
        Initdata.make(data)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.1.0", "0.2.0", "the only one is '0.1.0'"),
        ("sha256", "sha-256", "choose one of sha256, sha384, sha512; sha-256 is not read"),
        ("algorithm", "algo", "choose one of algorithm, data, version"),
        ("policy.rego", "policy", "choose one of aa.toml"),
        ("'''\npackage agent_policy\n'''", "1", "is not a table of texts"),
        ("[data]", "[data", "this is no TOML"),
        ("package", "\udcff", "this is no TOML"),
    ],
)
def test_what_is_no_initdata_is_refused(old, new, message):
    text = VECTOR.decode().replace(old, new, 1).encode(errors="surrogateescape")
    with pytest.raises(Refusal) as refused:
        Initdata.read(text)
    assert message in str(refused.value)


@pytest.mark.parametrize("text", ["", "====", "bm8gZ3ppcA==", base64.b64encode(gzip.compress(VECTOR)).decode()[:-1]])
def test_what_is_no_annotation_is_refused(text):
    with pytest.raises(Refusal, match="initdata:"):
        Initdata.decode(text)


def test_an_annotation_that_unpacks_to_too_much_is_refused():
    with pytest.raises(Refusal, match="larger than 1048576 bytes"):
        Initdata.decode(base64.b64encode(gzip.compress(bytes(1 << 24))).decode())


def agent(**changes):
    kbs = AgentKbs(url="https://10.20.0.10:8080", cert=samples.CERTIFICATE)
    return AgentConfig(**({"token_configs": TokenConfigs(kbs=kbs)} | changes))


def hub(**changes):
    return HubConfig(**({"kbc": Kbc(url="https://10.20.0.10:8080", kbs_cert=samples.CERTIFICATE)} | changes))


@pytest.mark.parametrize(
    "config",
    [
        agent(),
        agent(log=Log(level="debug"), eventlog_config=EventLog(init_pcr=17, enable_eventlog=True)),
        agent(token_configs=TokenConfigs(coco_as=CocoAs(url="https://as.example.org"))),
    ],
)
def test_configurations_of_the_agent_read_back(config):
    assert read_agent(config.render()) == config


@pytest.mark.parametrize(
    "config",
    [
        hub(),
        hub(
            credentials=(Credential(path=f"{guest.CREDENTIALS}key", resource_uri="kbs:///default/key/1"),),
            image=ImagePull(
                image_security_policy_uri="kbs:///default/security-policy/test",
                authenticated_registry_credentials_uri="file:///etc/registry.json",
                extra_root_certificates=(samples.CERTIFICATE,),
                image_pull_proxy=Proxy(https_proxy="http://proxy:3128"),
                max_concurrent_layer_downloads_per_image=2,
            ),
            log=Log(),
        ),
        hub(image=ImagePull(image_security_policy=image_policy.signed({"ghcr.io/x/y": "kbs:///default/cosign/key"}))),
    ],
)
def test_configurations_of_the_hub_read_back(config):
    assert read_hub(config.render()) == config


KBC = f'[kbc]\nname = "cc_kbc"\nurl = "https://a"\nkbs_cert = """{samples.CERTIFICATE}"""\n'


def test_the_kernel_command_line_never_counts():
    assert tomllib.loads(hub().render())["image"] == {}


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (
            read_agent,
            "[token_configs.kbs]\nurl = 'http://a'\ncert = 'x'",
            "is not an address that starts with https://",
        ),
        (read_agent, "[token_configs.kbs]\nurl = 'https://a'", "cert is required"),
        (read_agent, "[token_configs.kbs]\nurl = 'https://a'\ncert = 'x'", "it must hold PEM certificates"),
        (read_agent, "[token_configs.kbc]\nurl = 'https://a'", "did you mean kbs?"),
        (read_agent, "[token_configs]\n[log]\nlevel = 'loud'", "choose one of debug, error"),
        (read_agent, "[token_configs]\n[eventlog]", "unknown key 'eventlog'"),
        (read_agent, "[token_configs", "this is no TOML"),
        (read_hub, "[kbc]\nname = 'offline_fs_kbc'\nurl = 'https://a'\nkbs_cert = 'x'", "choose one of cc_kbc"),
        (read_hub, "[kbc]\nname = 'cc_kbc'\nurl = 'https://a'", "kbs_cert is required"),
        (read_hub, "", "kbc is required"),
        (read_hub, "[[credentials]]\npath = '/etc/x'\nresource_uri = 'kbs:///a/b/c'", "is not below /run/conf"),
        (
            read_hub,
            f"[[credentials]]\npath = '{guest.CREDENTIALS}../x'\nresource_uri = 'kbs:///a/b/c'",
            "is not below /run/conf",
        ),
        (
            read_hub,
            f"[[credentials]]\npath = '{guest.CREDENTIALS}x'\nresource_uri = 'kbs:///a/b'",
            "kbs:///repository/type/tag",
        ),
        (read_hub, "[image]\nimage_security_policy_uri = 'https://a'", "kbs:///repository/type/tag"),
        (
            read_hub,
            "[image]\nimage_security_policy_uri = 'kbs:///a/b/c'\nimage_security_policy = '{}'",
            "give one of them",
        ),
        (read_hub, "[image]\nimage_security_policy = '{}'", "it has no default"),
        (read_hub, "[image]\nimage_policy = '{}'", "unknown key 'image_policy'"),
    ],
)
def test_configurations_of_the_guest_that_are_refused(read, text, message):
    given = KBC + text if read is read_hub and text and not text.startswith("[kbc]") else text
    with pytest.raises(Refusal) as refused:
        read(given)
    assert message in str(refused.value)


def test_the_key_of_the_agent_is_one_that_it_can_make():
    kbs = AgentKbs(url="https://a", cert=samples.CERTIFICATE, tee_key_algorithm="RSA-OAEP-256")
    assert read_agent(agent(token_configs=TokenConfigs(kbs=kbs)).render()).token_configs.kbs == kbs
    with pytest.raises(Refusal, match="choose one of ECDH-ES"):
        AgentKbs(url="https://a", cert=samples.CERTIFICATE, tee_key_algorithm="ES256")


def test_sealed_secrets_are_verified():
    with pytest.raises(ValueError, match="a host could replace a sealed secret"):
        hub(skip_sealed_secret_verification=True)
