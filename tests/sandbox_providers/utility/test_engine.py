"""One program with all three packages under the real engine: the whole life of a small authority."""

import json
import os
from datetime import timedelta

import pulumi
import pulumi_command as command
import pulumi_random as random
import pulumi_tls as tls
import pytest
import real_engine
from pulumi import automation as auto

from confkube_sandbox import clock, plugins
from confkube_sandbox.home import SandboxHome


def _program(folder, revision):
    root_key = tls.PrivateKey("root", algorithm="ECDSA", ecdsa_curve="P256")
    leaf_key = tls.PrivateKey("leaf", algorithm="ED25519")
    root = tls.SelfSignedCert(
        "root",
        private_key_pem=root_key.private_key_pem,
        validity_period_hours=10 * 365 * 24,
        is_ca_certificate=True,
        allowed_uses=["cert_signing", "crl_signing"],
        subject={"common_name": "root"},
    )
    request = tls.CertRequest(
        "leaf",
        private_key_pem=leaf_key.private_key_pem,
        subject=tls.CertRequestSubjectArgs(common_name="leaf"),
        dns_names=["leaf.example.org"],
        ip_addresses=["10.0.0.1"],
    )
    leaf = tls.LocallySignedCert(
        "leaf",
        ca_cert_pem=root.cert_pem,
        ca_private_key_pem=root_key.private_key_pem,
        cert_request_pem=request.cert_request_pem,
        validity_period_hours=24,
        early_renewal_hours=1,
        allowed_uses=["digital_signature", "server_auth"],
    )
    password = random.RandomPassword("password", length=40, min_special=2)
    random.RandomBytes("bytes", length=32)
    random.RandomUuid("uuid")
    random.RandomString("string", length=6, special=False, upper=False)
    token = random.RandomId("token", byte_length=8, prefix="t-")
    made = command.local.Command(
        "file",
        create=f"cat > made && echo $REVISION >> log && echo created {revision}",
        update="echo update $PULUMI_COMMAND_STDOUT >> log; echo updated",
        delete="rm made; echo gone >> log",
        dir=str(folder),
        environment={"REVISION": str(revision)},
        stdin=password.result,
        triggers=[token.hex],
    )
    pulumi.export("root", root.id)
    pulumi.export("leaf", leaf.id)
    pulumi.export("leaf_pem", leaf.cert_pem)
    pulumi.export("root_pem", root.cert_pem)
    pulumi.export("stdout", made.stdout)
    pulumi.export("password", password.result)
    pulumi.export("ran", command.local.run_output(command="cat", stdin=token.hex).stdout)


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory):
    """One sandbox for all runs here; each leaves its stack empty."""
    found = SandboxHome(tmp_path_factory.mktemp("engine") / "home")
    found.prepare()
    return found


@pytest.fixture(scope="module")
def stack(shared_home):
    plugins.install(shared_home)
    return auto.create_stack(
        "dev",
        project_name="utility",
        program=lambda: None,
        opts=auto.LocalWorkspaceOptions(
            pulumi_command=real_engine.command(),
            pulumi_home=str(shared_home.pulumi_home),
            env_vars=shared_home.activate(os.environ),
            project_settings=auto.ProjectSettings(name="utility", runtime="python"),
        ),
    )


def _changes(result):
    return {kind: count for kind, count in result.summary.resource_changes.items() if kind != "same"}


def _state(home):
    return next(home.state.glob(".pulumi/stacks/utility/dev.json")).read_text()


def test_the_life_of_an_authority(stack, shared_home, tmp_path, openssl):
    stack.workspace.program = lambda: _program(tmp_path, 1)
    preview = stack.preview()
    assert preview.change_summary == {"create": 12}
    assert not (tmp_path / "made").exists()

    first = stack.up()
    assert _changes(first) == {"create": 12}
    outputs = {name: output.value for name, output in first.outputs.items()}
    assert (tmp_path / "made").read_text() == outputs["password"]
    assert outputs["stdout"] == "created 1"
    assert len(outputs["ran"]) == len("t-") + 16
    assert first.outputs["password"].secret
    chain = {"root": outputs["root_pem"], "leaf": outputs["leaf_pem"]}
    verify = ("verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "leaf.example.org")
    assert "OK" in openssl(*verify, "-CAfile", "{root}", "{leaf}", **chain)

    _no_secret_in(_state(shared_home), outputs["password"])
    assert _changes(stack.up(refresh=True)) == {}
    _no_secret_in(_state(shared_home), outputs["password"])

    stack.workspace.program = lambda: _program(tmp_path, 2)
    assert _changes(stack.up()) == {"update": 1}
    assert (tmp_path / "log").read_text() == "1\nupdate created 1\n"

    _a_year_later_the_short_certificate_is_replaced_and_the_long_one_is_not(stack, shared_home, outputs, openssl)

    stack.destroy()
    assert not (tmp_path / "made").exists()
    assert (tmp_path / "log").read_text().endswith("gone\n")
    assert "resources" not in json.loads(_state(shared_home))["checkpoint"]["latest"]


def _a_year_later_the_short_certificate_is_replaced_and_the_long_one_is_not(stack, home, first, openssl):
    clock.advance(home, timedelta(days=365))
    aged = stack.up()
    assert _changes(aged) == {"replace": 1}
    assert aged.outputs["root"].value == first["root"]
    assert aged.outputs["leaf"].value != first["leaf"]
    chain = {"root": aged.outputs["root_pem"].value, "leaf": aged.outputs["leaf_pem"].value}
    moment = str(int(clock.now(home).timestamp()))
    assert "OK" in openssl(
        "verify", "-x509_strict", "-purpose", "sslserver", "-attime", moment, "-CAfile", "{root}", "{leaf}", **chain
    )
    assert _changes(stack.up()) == {}


def _no_secret_in(state, password):
    assert "PRIVATE KEY" not in state
    assert json.dumps(password)[1:-1] not in state


def _sum():
    random.RandomString("a", length=2, min_lower=3)


def _algorithm():
    tls.PrivateKey("b", algorithm="DSA")


def _uses():
    tls.SelfSignedCert("c", private_key_pem="x", validity_period_hours=-1, allowed_uses=["banana"])


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (_sum, ["must be at least sum of min_upper + min_lower + min_numeric + min_special, got: 2"]),
        (_algorithm, ['one of: ["RSA" "ECDSA" "ED25519"], got: "DSA"', "Examine values at 'b.algorithm'"]),
        (_uses, ["validity_period_hours value must be at least 0, got: -1", 'got: "banana"']),
    ],
)
def test_what_the_real_providers_refuse_fails_before_anything_is_made(program, words, stack):
    stack.workspace.program = program
    with pytest.raises(auto.CommandError) as caught:
        stack.preview()
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_failed_command_leaves_nothing_and_shows_no_secret(stack, shared_home):
    def program():
        command.local.Command("c", create="cat >/dev/null; echo why >&2; exit 4", stdin=pulumi.Output.secret("hunter2"))

    stack.workspace.program = program
    with pytest.raises(auto.CommandError) as caught:
        stack.up()
    assert "exit status 4: running" in str(caught.value)
    assert "why" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "command:local:Command" not in _state(shared_home)


def test_types_that_reach_other_machines_are_refused(stack):
    def program():
        command.remote.Command("r", connection=command.remote.ConnectionArgs(host="h"), create="true")

    stack.workspace.program = program
    with pytest.raises(auto.CommandError, match="unrecognized resource type"):
        stack.preview()
