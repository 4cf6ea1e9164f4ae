"""Policies, evaluated: what each lets through and what not. The evaluator is not the one in Trustee and the agent."""

import json

import pytest
import regopy

from confkube.attest import image_policy, kata_policy, resource_policy
from confkube.errors import Refusal

HOST_DATA, PCR8, MRCONFIGID = "ab" * 32, "cd" * 32, "ef" * 48
EVIDENCE = "ear.veraison.annotated-evidence"


def evaluated(policy, question, given):
    """The value of a rule; None where it has none."""
    interpreter = regopy.Interpreter()
    interpreter.add_module("policy", policy)
    interpreter.set_input_term(json.dumps(given))
    found = json.loads(str(interpreter.query(f"x := data.{question}")))
    return found.get("bindings", {}).get("x")


def claims(*statuses, evidence=None, **changes):
    """The claims of an attestation token as the resource policy sees them."""
    first = {"snp": {"measurement": "00"}, "init_data": HOST_DATA} if evidence is None else evidence
    submods = {f"cpu{n}": {"ear.status": status, EVIDENCE: first} for n, status in enumerate(statuses)}
    return {"iss": "CoCo-Attestation-Service", "submods": submods} | changes


def released(policy, given):
    return evaluated(policy, "policy.allow", given) is True


ANY, BOUND = resource_policy.affirming(), resource_policy.bound([PCR8, HOST_DATA, MRCONFIGID])
WITHOUT_STATUS = {"submods": {"cpu0": {EVIDENCE: {"snp": {}, "init_data": HOST_DATA}}}}


@pytest.mark.parametrize("policy", [ANY, BOUND])
class TestResourcePolicies:
    def test_an_affirmed_machine(self, policy):
        assert released(policy, claims("affirming"))

    def test_an_affirmed_machine_with_an_affirmed_device(self, policy):
        assert released(policy, claims("affirming", "affirming"))

    @pytest.mark.parametrize("status", ["none", "warning", "contraindicated", "Affirming", "", 2, None, True])
    def test_a_machine_that_is_not_affirmed(self, policy, status):
        assert not released(policy, claims(status))

    def test_one_device_that_is_not_affirmed(self, policy):
        assert not released(policy, claims("affirming", "warning"))

    @pytest.mark.parametrize(
        "given", [{}, {"submods": {}}, WITHOUT_STATUS, {"submods": None}, {"submods": "affirming"}]
    )
    def test_a_token_that_says_nothing(self, policy, given):
        assert not released(policy, given)

    def test_the_sample_attester(self, policy):
        given = claims("affirming", evidence={"sample": {"svn": "1"}, "init_data": HOST_DATA})
        assert not released(policy, given)


@pytest.mark.parametrize("bound", [HOST_DATA, PCR8, MRCONFIGID])
def test_initdata_that_is_wanted(bound):
    assert released(BOUND, claims("affirming", evidence={"tdx": {}, "init_data": bound}))


@pytest.mark.parametrize(
    "bound", ["00" * 32, HOST_DATA.upper(), HOST_DATA[:-2], "", None, [HOST_DATA], HOST_DATA + "00" * 16]
)
def test_initdata_that_is_not_wanted(bound):
    given = claims("affirming", evidence={"tdx": {}, "init_data": bound})
    assert not released(BOUND, given)
    assert released(ANY, given)


def test_no_initdata_at_all():
    assert not released(BOUND, claims("affirming", evidence={"tdx": {}}))


def test_nothing_is_released_by_the_policy_nothing():
    assert evaluated(resource_policy.nothing(), "policy.allow", claims("affirming")) is False


def test_the_policy_does_not_depend_on_the_order():
    assert resource_policy.bound([HOST_DATA, PCR8]) == resource_policy.bound([PCR8, HOST_DATA, PCR8])


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([], "name at least one"),
        (["00" * 32], "it proves nothing"),
        (["AB" * 32], "write 64, 96 or 128"),
        (['x"]'], "write 64, 96 or 128"),
        (["ab" * 31], "write 64, 96 or 128"),
    ],
)
def test_initdata_that_cannot_be_wanted(wanted, message):
    with pytest.raises(Refusal) as refused:
        resource_policy.bound(wanted)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("package agent\nallow := true\n", "not in package policy"),
        ("# package policy\nallow := true\n", "not in package policy"),
        ("package policy\ndefault allowed = false\nallowed if { true }\n", "never matches"),
        ("package policy\n", "it has no rule allow"),
    ],
)
def test_a_resource_policy_that_would_never_match_is_refused(text, message):
    with pytest.raises(Refusal) as refused:
        resource_policy.checked(text)
    assert message in str(refused.value)


@pytest.mark.parametrize("text", [ANY, BOUND, resource_policy.nothing()])
def test_own_resource_policies_are_good(text):
    assert resource_policy.checked(text) == text


def asked(policy, request, given=None):
    return evaluated(policy, f"agent_policy.{request}", given or {}) is True


SHARED = "/run/kata-containers/shared/containers"
HARDENED, OPEN = kata_policy.hardened(), kata_policy.allow_all_for_debugging()
REFUSED = {
    "AddSwapRequest",
    "CopyFileRequest",
    "CreateSandboxRequest",
    "ExecProcessRequest",
    "GetDiagnosticDataRequest",
    "MemAgentCompactConfig",
    "MemAgentMemcgConfig",
    "MemHotplugByProbeRequest",
    "ReadStreamRequest",
    "SetGuestDateTimeRequest",
    "SetPolicyRequest",
    "StartTracingRequest",
    "StopTracingRequest",
    "UpdateEphemeralMountsRequest",
    "WriteStreamRequest",
}


@pytest.mark.parametrize("request_name", kata_policy.REQUESTS)
class TestAgentPolicies:
    def test_the_baseline(self, request_name):
        assert asked(HARDENED, request_name) == (request_name not in REFUSED)

    def test_the_baseline_with_logs(self, request_name):
        wanted = request_name == "ReadStreamRequest" or request_name not in REFUSED
        assert asked(kata_policy.hardened(logs=True), request_name) == wanted

    def test_the_one_for_debugging(self, request_name):
        assert asked(OPEN, request_name)


def test_both_name_every_request_and_no_other():
    for policy in (HARDENED, OPEN):
        named = [line.split()[1] for line in policy.splitlines() if line.startswith("default ")]
        assert sorted(named) == sorted(kata_policy.REQUESTS)


@pytest.mark.parametrize(
    ("given", "good"),
    [
        ({"guest_hook_path": "", "kernel_modules": []}, True),
        ({"guest_hook_path": "/hooks", "kernel_modules": []}, False),
        ({"guest_hook_path": "", "kernel_modules": [{"name": "x"}]}, False),
        ({}, False),
    ],
)
def test_a_sandbox_without_hooks_and_modules(given, good):
    assert asked(HARDENED, "CreateSandboxRequest", given) is good


@pytest.mark.parametrize(
    ("given", "good"),
    [
        ({"file_type": "Regular", "path": f"{SHARED}/ab-cd-resolv.conf"}, True),
        ({"file_type": "Regular", "path": f"{SHARED}/ab-cd-secret/..2026_11_27/key"}, True),
        ({"file_type": "Directory", "path": f"{SHARED}/ab-cd-secret"}, True),
        ({"file_type": "Symlink", "path": f"{SHARED}/ab-cd-secret/..data", "symlink_target": "..2026_11_27"}, True),
        ({"file_type": "Symlink", "path": f"{SHARED}/ab-cd-secret/key", "symlink_target": "..data/key"}, True),
        ({"file_type": "Symlink", "path": f"{SHARED}/ab-cd-secret", "symlink_target": "..data/key"}, False),
        ({"file_type": "Symlink", "path": f"{SHARED}/ab/key", "symlink_target": "/etc/shadow"}, False),
        ({"file_type": "Symlink", "path": f"{SHARED}/ab/key", "symlink_target": "../../x"}, False),
        ({"file_type": "Symlink", "path": f"{SHARED}/ab/key"}, False),
        ({"file_type": "Regular", "path": f"{SHARED}/../../etc/passwd"}, False),
        ({"file_type": "Regular", "path": f"{SHARED}/ab/.."}, False),
        ({"file_type": "Regular", "path": f"/x{SHARED}/ab"}, False),
        ({"file_type": "Regular", "path": "/usr/bin/kata-agent"}, False),
        ({"file_type": "Device", "path": f"{SHARED}/ab"}, False),
        ({"path": f"{SHARED}/ab"}, False),
        ({}, False),
    ],
)
def test_files_go_only_where_containers_take_them_from(given, good):
    assert asked(HARDENED, "CopyFileRequest", given) is good


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("package policy\n", "not in package agent_policy"),
        ("package agent_policy\ndefault SetPolicyRequest := true\n", "lets the host get around it"),
        ("package agent_policy\n  default SetPolicyRequest = true\n", "lets the host get around it"),
        ("package agent_policy\ndefault AllowRequestsFailingPolicy := true\n", "lets the host get around it"),
        ("package agent_policy\nAllowRequestsFailingPolicy := true\n", "lets the host get around it"),
    ],
)
def test_an_agent_policy_that_can_be_got_around_is_refused(text, message):
    with pytest.raises(Refusal) as refused:
        kata_policy.checked(text)
    assert message in str(refused.value)


def test_the_one_for_debugging_is_taken_only_by_its_name():
    assert kata_policy.checked(HARDENED) == HARDENED
    with pytest.raises(Refusal, match="SetPolicyRequest"):
        kata_policy.checked(OPEN)


KEY = "kbs:///default/cosign-public-key/test"


def test_an_image_policy_rejects_what_it_does_not_name():
    found = json.loads(image_policy.checked(image_policy.signed({"ghcr.io/x/y": KEY, "docker.io/library/z:1": KEY})))
    assert found["default"] == [{"type": "reject"}]
    assert found["transports"]["docker"]["ghcr.io/x/y"] == [{"type": "sigstoreSigned", "keyPath": KEY}]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "no image would ever be taken"),
        ({"Ghcr.io/x": KEY}, "is not a registry, repository or image"),
        ({"ghcr.io/x": "file:///key"}, "is not of the form kbs:///"),
    ],
)
def test_image_policies_that_are_not_made(keys, message):
    with pytest.raises(Refusal) as refused:
        image_policy.signed(keys)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is no JSON"),
        ("[]", "it has no default"),
        ('{"default": [{"type": "insecureAcceptAnything"}]}', "unsigned images are taken"),
        ('{"default": [{"type": "reject"}, {"type": "signedBy"}]}', "unsigned images are taken"),
        ('{"default": []}', "a list of rules is empty"),
        ('{"default": [{"type": "no"}]}', "choose one of insecureAcceptAnything, reject"),
        ('{"default": [{"type": "reject"}], "more": 1}', "choose one of default, transports"),
        (
            '{"default": [{"type": "reject"}], "transports": {"docker": {"a": [{"type": "insecureAcceptAnything"}]}}}',
            "a is taken without a signature",
        ),
    ],
)
def test_image_policies_that_are_refused(text, message):
    with pytest.raises(Refusal) as refused:
        image_policy.checked(text)
    assert message in str(refused.value)
