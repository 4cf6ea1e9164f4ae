"""SPIRE configuration: what it says, what it never says, and what is refused."""

import pytest

from confkube.attest import statements
from confkube.attest.hcl import Block, render
from confkube.attest.plugin import Plugin
from confkube.attest.spire import AgentConfig, ServerConfig
from confkube.errors import Refusal


def agent(**changes):
    values = {
        "server_address": "10.0.0.9",
        "server_port": 8081,
        "trust_domain": "example.org",
        "root_path": "/etc/root.pem",
        "node_attestor": Plugin(name="join_token"),
    }
    return AgentConfig(**(values | changes))


def server(**changes):
    values = {
        "bind_port": 8081,
        "trust_domain": "example.org",
        "node_attestor": Plugin(name="x509pop", data={"ca_bundle_path": "/etc/agents.pem"}),
        "certificate_path": "/c.pem",
        "key_path": "/k.pem",
        "root_path": "/r.pem",
    }
    return ServerConfig(**(values | changes))


def test_one_attribute_a_line():
    text = render(
        Block(
            kind="plugins",
            blocks=(Block(kind="Kind", label="name", attributes={"a": 'x"y\\', "b": [1, True], "c": {"d": "e"}}),),
        )
    )
    assert text == (
        'plugins {\n  Kind "name" {\n    a = "x\\"y\\\\"\n    b = [1, true]\n    c = {\n      d = "e"\n    }\n  }\n}\n'
    )


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"a": "${env}"}, "holds ${"),
        ({"a": "grüße"}, "outside ASCII"),
        ({"a": 1.5}, "is a float, not"),
        ({"a": None}, "is a NoneType, not"),
        ({"A b": 1}, "'A b' is not an attribute name"),
    ],
)
def test_what_hcl_cannot_say(attributes, message):
    with pytest.raises(Refusal) as refused:
        render(Block(kind="x", attributes=attributes))
    assert message in str(refused.value)


def test_an_agent_believes_the_pinned_root_alone():
    text = agent().render()
    assert 'trust_bundle_path = "/etc/root.pem"' in text
    for never in (
        "insecure_bootstrap",
        "trust_bundle_url",
        "skip_kubelet_verification",
        "use_anonymous",
        "join_token =",
    ):
        assert never not in text


def test_an_agent_keeps_its_keys_and_knows_pods_and_units():
    text = agent().render()
    assert 'KeyManager "disk"' in text
    assert 'WorkloadAttestor "k8s"' in text
    assert 'WorkloadAttestor "systemd"' in text


def test_a_server_signs_under_the_offline_root():
    text = server().render()
    assert 'UpstreamAuthority "disk"' in text
    assert 'bundle_file_path = "/r.pem"' in text
    assert text.count("NodeAttestor") == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Plugin(name="A"), "'A' is not a word"),
        (lambda: Plugin(name="a", command="/x"), "give command and sha256 together"),
        (lambda: Plugin(name="a", command="x", sha256="0" * 64), "is not an absolute path"),
        (lambda: Plugin(name="a", command="/x", sha256="0"), "is not a sha256"),
        (lambda: Plugin(name="a", data={"secret_access_key": "x"}), "would put a secret into boot text"),
        (lambda: Plugin(name="a", data={"token": "x"}), "would put a secret into boot text"),
        (lambda: Plugin.parse("it", {}), "name is required"),
        (lambda: Plugin.parse("it", {"name": "a", "data": 1}), "data is not a mapping but a int"),
        (lambda: Plugin.parse("it", {"name": "a", "plugin_data": {}}), "'plugin_data' is not known"),
        (lambda: agent(node_attestor=Plugin(name="join_token", data={"x": 1})).render(), "nothing here"),
        (lambda: server(node_attestor=Plugin(name="x509pop", data={"ca_bundel_path": "x"})).render(), "choose one of"),
        (lambda: server(ca_ttl="1 day"), "'1 day' is not a duration"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(Refusal) as refused:
        make()
    assert message in str(refused.value)


def test_an_external_plugin_is_pinned():
    text = agent(node_attestor=Plugin(name="snp", command="/opt/snp", sha256="0" * 64)).render()
    assert f'plugin_checksum = "{"0" * 64}"' in text


def test_a_plugin_may_name_the_file_of_a_key():
    assert Plugin(name="x509pop", data={"private_key_path": "/k", "certificate_path": "/c"}).known("agent")


def test_statements_are_one_sentence_and_claim_nothing():
    for text in (statements.INSTANCE_IDENTITY, statements.HELD_KEY, statements.UNATTESTED):
        assert "\n" not in text
        assert ". " not in text
        assert "nothing is proved" in text
    assert statements.INSTANCE_IDENTITY.startswith("instance identity, not confidentiality")
