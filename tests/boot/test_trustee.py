"""A Trustee's machine, run for real with openssl: enrolment, its certificates, its store; its container is recorded."""

import datetime as dt
import json
import stat
import subprocess
import sys

import pytest
from boot import relying, samples, tools
from boot import trustee as values
from boot.machine import EXCHANGE, Machine
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from confkube import bootstrap
from confkube.trust import certificates

TRUST, STORE = "/var/lib/confkube/trust", "/var/lib/confkube/trustee/store"
LEAVES = f"{TRUST}/leaves"
ROOMY = samples.profile(user_data_limit=1 << 20)
CTR = f"""#!/bin/sh
printf 'ctr %s\\n' "$*" >>{EXCHANGE}/calls
case "$*" in
    *"images list"*) cat {EXCHANGE}/images 2>/dev/null ;;
    *"images pull"*) [ ! -e {EXCHANGE}/fail ] || exit 1 ;;
esac
exit 0
"""


@pytest.fixture(scope="module")
def root():
    return relying.certificate(name="root", ca=True, days=(-1, 3650))


@pytest.fixture
def server(tmp_path, root):
    return started(tmp_path, root)


def started(folder, root, **changes):
    machine = Machine(folder)
    boot = values.trustee(root_pem=root.pem, profile=ROOMY, software=machine.software(), **changes)
    machine.write(bootstrap.trustee_server(boot))
    (machine.folder / "disk/usr/local/sbin/ctr").write_text(CTR)
    (machine.folder / "disk/usr/local/sbin/ctr").chmod(0o755)
    result = machine.boot("install", "trust-key")
    assert result.returncode == 0, result.stderr
    return machine


def enrolled(server, root, days=365):
    """Enrol it with what ``confkube trust enroll`` signs."""
    document = server.path(f"{TRUST}/request.pem").read_bytes()
    request = certificates.checked_request(document, values.DOMAIN)
    own = certificates.Root(certificate=root.certificate, key=root.key)
    pem = certificates.pem(certificates.signed(own, request, values.DOMAIN, dt.timedelta(days=days)))
    inbox = server.path(f"{TRUST}/inbox/intermediate.pem")
    inbox.parent.mkdir(parents=True, exist_ok=True)
    inbox.write_bytes(pem)
    result = server.boot("trust-accept")
    assert result.returncode == 0, result.stderr
    return pem


def issue(server, name="trustee"):
    result = server.boot(f"/bin/sh /usr/local/lib/confkube/trust-leaf.sh {name}")
    assert result.returncode == 0, result.stderr + server.console()
    return x509.load_pem_x509_certificates(server.path(f"{LEAVES}/{name}/chain.pem").read_bytes())


def test_it_installs_containerd_and_downloads_nothing(server):
    assert {"containerd", "runc", "openssl", "nftables"} <= {
        path.name for path in (server.folder / "packages").iterdir()
    }
    assert server.calls("curl") == []


def test_enrolment_is_the_same_as_of_a_spire_server_and_starts_it(server, root):
    pem = enrolled(server, root)
    assert server.path(f"{TRUST}/intermediate.pem").read_bytes() == pem
    assert server.calls("systemctl") == ["systemctl restart --no-block confkube-trustee.service"]


def test_a_relying_party_is_started_too(tmp_path, root):
    server = started(tmp_path, root, relying_party=values.party())
    enrolled(server, root)
    units = "confkube-trustee.service confkube-relying-party.service"
    assert server.calls("systemctl") == [f"systemctl restart --no-block {units}"]


def test_its_certificate_is_for_its_names_and_below_the_root(server, root, tmp_path):
    enrolled(server, root)
    leaf, middle = issue(server)
    middle.verify_directly_issued_by(root.certificate)
    leaf.verify_directly_issued_by(middle)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == [values.ADDRESS]
    assert names.get_values_for_type(x509.DNSName) == ["trust.demo.example.org"]
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [each._name for each in usage] == ["serverAuth"]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    key = server.path(f"{LEAVES}/trustee/key.pem")
    assert load_pem_private_key(key.read_bytes(), None).public_key() == leaf.public_key()
    assert server.calls("systemctl")[-1] == "systemctl try-restart --no-block confkube-trustee.service"
    chain = server.path(f"{LEAVES}/trustee/chain.pem")
    (tmp_path / "root.pem").write_text(root.pem)
    words = ("-x509_strict", "-purpose", "sslserver", "-verify_ip", values.ADDRESS, "-untrusted", chain, chain)
    done = tools.run("openssl", "verify", "-CAfile", tmp_path / "root.pem", *words)
    assert done.returncode == 0, done.stderr


def test_who_may_read_the_keys(server, root):
    enrolled(server, root)
    issue(server)
    result = server.boot(f"cd {TRUST}; stat -c '%U %a' leaves/trustee/*.pem leaves/trustee leaves private/key.pem")
    assert result.stdout.splitlines() == ["root 644", "confkube-trustee 400", "root 755", "root 755", "root 600"]


def test_the_certificate_for_tokens_is_for_no_server(server, root):
    enrolled(server, root)
    leaf, _ = issue(server, "token")
    found = {extension.oid._name for extension in leaf.extensions}
    assert {"extendedKeyUsage", "subjectAltName"}.isdisjoint(found)
    assert leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature


def test_a_certificate_is_kept_while_it_will_do(server, root):
    enrolled(server, root)
    first = issue(server)
    assert issue(server) == first
    assert 28 <= (first[0].not_valid_after_utc - dt.datetime.now(dt.UTC)).days <= 30


def test_it_is_issued_anew_below_a_new_intermediate(server, root):
    enrolled(server, root, days=100)
    first = issue(server)
    enrolled(server, root, days=200)
    second = issue(server)
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert first[0].public_key() != second[0].public_key()


def test_it_is_issued_anew_when_its_key_is_not_its_own(server, root):
    enrolled(server, root)
    first = issue(server)
    key = server.path(f"{LEAVES}/trustee/key.pem")
    key.chmod(0o600)
    key.write_text(relying.certificate().key_pem)
    assert issue(server)[0] != first[0]


def test_it_is_issued_anew_when_it_was_cut_off(server, root):
    enrolled(server, root)
    first = issue(server)
    server.path(f"{LEAVES}/trustee/chain.pem").write_text("")
    assert issue(server)[0] != first[0]


def test_it_ends_with_the_intermediate(server, root):
    enrolled(server, root, days=9)
    leaf, middle = issue(server)
    assert leaf.not_valid_after_utc <= middle.not_valid_after_utc
    assert issue(server)[0] == leaf


@pytest.mark.parametrize("days", [8, 0.01])
def test_what_has_ended_issues_nothing(server, root, days):
    enrolled(server, root)
    server.path(f"{TRUST}/intermediate.pem").write_text(relying.certificate(root, ca=True, days=(-9, -days)).pem)
    result = server.boot("/bin/sh /usr/local/lib/confkube/trust-leaf.sh trustee")
    assert result.returncode == 1
    assert (
        "trust-leaf@trustee failed: the certificate that this trust server was enrolled with has ended"
        in server.console()
    )
    assert not server.path(f"{LEAVES}/trustee/chain.pem").exists()


def run(server):
    return server.boot("useradd --system --user-group confkube-trustee 2>/dev/null || true", "trustee")


def test_it_runs_from_its_pinned_image_as_a_user_of_its_own(server, root):
    enrolled(server, root)
    issue(server)
    issue(server, "token")
    server.calls()
    result = run(server)
    assert result.returncode == 0, result.stderr + server.console()
    calls = server.calls("ctr", "systemctl")
    assert calls[:3] == [
        "systemctl start containerd.service",
        "ctr --namespace confkube images list --quiet",
        f"ctr --namespace confkube images pull {values.IMAGE}",
    ]
    last = calls[-1]
    assert last.startswith("ctr --namespace confkube run --rm --net-host --read-only --seccomp --user ")
    assert f"{values.IMAGE} trustee /usr/local/bin/kbs --config-file /etc/confkube/trustee/kbs-config.toml" in last
    assert "--privileged" not in last
    assert "--user 0:" not in last
    mounts = [word for word in last.split() if word.startswith("type=bind")]
    written = [mount for mount in mounts if mount.endswith(":rw")]
    assert written == [f"type=bind,src={STORE},dst={STORE},options=rbind:rw"]
    # The key that signs others, and what is handed in, are not among them.
    assert not [mount for mount in mounts if f"{TRUST}/private" in mount or f"{TRUST}/inbox" in mount]


def test_an_image_that_is_there_already_is_not_fetched(server, root):
    (server.folder / "images").write_text(f"other@sha256:{'cd' * 32}\n{values.IMAGE}\n")
    enrolled(server, root)
    assert run(server).returncode == 0
    assert not [call for call in server.calls("ctr") if "pull" in call]


def test_an_image_that_cannot_be_fetched(server, root):
    (server.folder / "fail").touch()
    enrolled(server, root)
    assert run(server).returncode == 1
    assert f"the image {values.IMAGE} could not be fetched" in server.console()


def test_its_store_holds_what_the_boot_text_says(server, root):
    enrolled(server, root)
    assert run(server).returncode == 0
    assert (
        json.loads(server.path(f"{STORE}/reference_value/snp_launch_measurement").read_text())
        == values.value().stored()
    )
    policy = server.path("/etc/confkube/trustee/resource-policy.rego").read_text()
    assert server.path(f"{STORE}/kbs/resource-policy.rego").read_text() == policy
    assert list(server.path(f"{STORE}/attestation_service_policy").iterdir()) == []
    owners = server.boot(
        f"cd {STORE}; stat -c '%n %U %G %a' . kbs kbs/resource-policy.rego reference_value attestation_service_policy"
    )
    assert owners.stdout.splitlines() == [
        ". root confkube-trustee 1770",
        "kbs root root 755",
        "kbs/resource-policy.rego root root 644",
        "reference_value root root 755",
        "attestation_service_policy root confkube-trustee 1770",
    ]


def test_the_program_can_add_to_its_store_and_not_change_what_was_put_there(server, root):
    """With the permissions of its user, as the container has them."""
    enrolled(server, root)
    assert run(server).returncode == 0
    tries = (
        "mkdir repository && echo x >repository/a",
        "echo x >attestation_service_policy/default_gpu.rego",
        "echo x >kbs/resource-policy.rego",
        "rm kbs/resource-policy.rego",
        "mv kbs other",
        "rm reference_value/snp_launch_measurement",
        "echo x >reference_value/mr_td",
    )
    user = "setpriv --reuid confkube-trustee --regid confkube-trustee --clear-groups"
    lines = [f"{user} sh -c 'cd {STORE} && {each}' 2>/dev/null; echo $?" for each in tries]
    result = server.boot("set +e", *lines)
    codes = [line == "0" for line in result.stdout.splitlines()]
    assert codes == [True, True, False, False, False, False, False], result.stdout


def test_an_attestation_policy_takes_the_place_of_the_default(tmp_path, root):
    server = started(tmp_path, root, attestation_policy="package policy\n")
    enrolled(server, root)
    assert run(server).returncode == 0
    assert server.path(f"{STORE}/attestation_service_policy/default_cpu.rego").read_text() == "package policy\n"


@pytest.fixture
def store(tmp_path):
    """The script by itself, in a folder; what it does with owners is seen above."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "resource-policy.rego").write_text("package policy\n")
    script = (samples.SCRIPTS / "trustee-store.py").read_text().replace("shutil.chown(path, group=GROUP)", "pass")

    def filled(*values):
        (source / "reference-values.json").write_text(json.dumps([each.stored() for each in values]))
        done = subprocess.run(
            [sys.executable, "-I", "-c", script],
            env={"CONFKUBE_TRUSTEE": str(source), "CONFKUBE_TRUSTEE_STORE": str(tmp_path / "trustee" / "store")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        filled.said = done.stderr
        return sorted(path.name for path in (tmp_path / "trustee/store/reference_value").iterdir())

    return filled


def test_values_whose_end_has_come_are_taken_out(store):
    old, new = values.value("mr_td", year=2020), values.value("xfam")
    assert store(old, new) == ["xfam"]
    assert store.said == "the reference value mr_td ended at 2020-01-01T00:00:00Z and is not used\n"


def test_values_that_are_no_longer_named_are_taken_out(store):
    assert store(values.value("mr_td"), values.value("xfam")) == ["mr_td", "xfam"]
    assert store(values.value("xfam")) == ["xfam"]
    assert store() == []


def test_files_are_replaced_as_a_whole(store, tmp_path):
    store(values.value("xfam"))
    path = tmp_path / "trustee/store/reference_value/xfam"
    before = path.stat().st_ino
    store(values.value("xfam"))
    assert path.stat().st_ino == before
    store(values.value("xfam", ("01",)))
    assert path.stat().st_ino != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert sorted(each.name for each in (tmp_path / "trustee").iterdir()) == ["store"]


UNITS = ("confkube-trustee", "confkube-trustee-store", "confkube-relying-party", "confkube-trust-leaf@")


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_starts_nothing_before_it_is_enrolled(unit):
    text = (samples.COMPONENTS / "bootstrap" / "units" / f"{unit}.service").read_text()
    assert "ConditionPathExists=/var/lib/confkube/trust" in text


def test_the_relying_party_sees_neither_keys_nor_policies():
    text = (samples.COMPONENTS / "bootstrap" / "units" / "confkube-relying-party.service").read_text()
    for line in (
        "DynamicUser=yes",
        "CapabilityBoundingSet=\n",
        "SystemCallFilter=@system-service",
        "ProtectProc=invisible",
    ):
        assert line in text
    assert "InaccessiblePaths=-/var/lib/confkube/trust/private" in text
