"""The boot scripts, run for real on a fake machine: order, second boots, cut-off starts, and every refusal."""

import email
import json
import subprocess
import sys

import pytest
import yaml
from boot import samples, tools
from boot.machine import EXCHANGE, Machine

from confkube import bootstrap
from confkube.bootstrap.document import written

STEPS = ("install", "secrets", "control-plane", "addons")
FETCH = f"""#!/bin/sh
printf 'fetch-secret %s\\n' "$1" >>{EXCHANGE}/calls
[ ! -e {EXCHANGE}/no-secret ] || exit 1
cat {EXCHANGE}/secret.json
"""
SECRETS = {
    "ca.crt": samples.CERTIFICATE,
    "ca.key": "KEY A",
    "sa.key": "KEY B",
    "sa.pub": "PUB",
    "token": samples.TOKEN,
}


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def offer(machine, secrets):
    (machine.folder / "secret.json").write_text(json.dumps(secrets))


def control_plane(machine, **changes):
    digests = {name: machine.chart(f"{name}-1.19.6.tgz", name.encode()) for name in ("cilium", "ebs")}
    addons = (
        samples.addon("cilium", sha256=digests["cilium"]),
        samples.addon("ebs", sha256=digests["ebs"], url="oci://charts.example.org/ebs", namespace="storage"),
    )
    values = {
        "software": machine.software(),
        "addons": addons,
        "profile": samples.profile(fetch_secret=FETCH, secret_address="arn:{name}"),
    }
    return bootstrap.control_plane(samples.control_plane(**(values | changes)))


@pytest.fixture
def ready(machine):
    machine.write(control_plane(machine))
    offer(machine, SECRETS)
    return machine


def test_first_boot_of_the_control_plane(ready):
    result = ready.boot(*STEPS)
    assert result.returncode == 0, result.stderr
    calls = ready.calls()
    order = [
        call.split()[0:2]
        for call in calls
        if call.split()[0] in ("apt-get", "fetch-secret", "kubeadm", "kubectl", "helm")
    ]
    steps = [step for step in map(" ".join, order) if "version" not in step]
    assert steps == [
        "apt-get -q",
        "apt-get -q",
        "fetch-secret arn:confkube/demo-4f2a/control-plane",
        "kubeadm init",
        "kubectl apply",
        "kubectl -n",
        "helm upgrade",
        "helm pull",
        "kubectl -n",
        "helm upgrade",
    ]
    (unlocked, _) = [call for call in calls if call.startswith("kubectl -n")]
    assert "delete secret --ignore-not-found -l owner=helm,name=" in unlocked
    assert "status in (pending-install,pending-upgrade,pending-rollback)" in unlocked
    assert ready.console() == ""
    for name in ("ca.key", "sa.key", "sa.pub"):
        file = ready.path(f"/etc/kubernetes/pki/{name}")
        assert (file.read_text(), file.stat().st_mode & 0o777) == (SECRETS[name], 0o600)
    assert ready.path("/usr/local/bin/kubeadm").stat().st_mode & 0o777 == 0o755
    assert ready.path("/etc/confkube/apiserver/encryption.yaml").stat().st_mode & 0o777 == 0o600


def test_secrets_are_nowhere_but_in_their_place(ready):
    result = ready.boot(*STEPS)
    shown = result.stdout + result.stderr + ready.console() + "\n".join(ready.calls())
    for value in (samples.TOKEN, "KEY A", "KEY B"):
        assert value not in shown
    assert list((ready.folder / "run/confkube").iterdir()) == []
    found = tools.run("grep", "-rlE", f"{samples.TOKEN}|KEY [AB]", str(ready.folder / "disk")).stdout.splitlines()
    assert sorted(found) == [str(ready.path(f"/etc/kubernetes/pki/{name}")) for name in ("ca.key", "sa.key")]


def test_kubeadm_gets_the_token_in_a_file_that_only_root_reads(ready):
    ready.boot(*STEPS)
    used = ready.folder / "kubeadm.yaml"
    assert used.stat().st_mode & 0o777 == 0o600
    assert used.read_text().endswith(f'bootstrapTokens:\n- token: "{samples.TOKEN}"\n  ttl: 86400s\n')
    assert tools.run(tools.kubeadm(), "config", "validate", "--config", str(used)).returncode == 0
    assert "--skip-token-print" in next(c for c in ready.calls("kubeadm") if " init " in c)


def test_second_boot_does_nothing_again(ready):
    assert ready.boot(*STEPS).returncode == 0
    encryption = ready.path("/etc/confkube/apiserver/encryption.yaml").read_text()
    ready.calls()
    result = ready.boot(*STEPS)
    assert result.returncode == 0, result.stderr
    assert [
        call
        for call in ready.calls("apt-get", "curl", "fetch-secret", "kubeadm", "kubectl", "helm", "systemctl")
        if "version" not in call
    ] == []
    assert ready.path("/etc/confkube/apiserver/encryption.yaml").read_text() == encryption


def test_a_start_that_was_cut_off_is_taken_up(ready):
    (ready.folder / "fail").touch()
    result = ready.boot(*STEPS)
    assert result.returncode == 1
    line = "confkube: control-plane failed: kubeadm init did not succeed; see: journalctl -u confkube-control-plane\n"
    assert ready.console() == line
    assert result.stderr.endswith(line)
    encryption = ready.path("/etc/confkube/apiserver/encryption.yaml").read_text()
    (ready.folder / "fail").unlink()
    ready.calls()
    assert ready.boot(*STEPS).returncode == 0
    init = next(call for call in ready.calls("kubeadm") if " init " in call)
    assert "--ignore-preflight-errors=DirAvailable--var-lib-etcd" in init
    assert "--ignore-preflight-errors=Port-6443" in init
    assert ready.path("/etc/confkube/apiserver/encryption.yaml").read_text() == encryption


def test_programs_that_are_there_are_used(ready):
    for name in ("kubeadm", "kubelet", "kubectl"):
        file = ready.path(f"/usr/local/bin/{name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((ready.folder / "web" / name).read_bytes())
        file.chmod(0o755)
    result = ready.boot("install")
    assert result.returncode == 0, result.stderr
    assert [call.rsplit("/", 1)[1] for call in ready.calls("curl")] == ["helm.tar.gz"]


def test_another_version_is_replaced(ready):
    file = ready.path("/usr/local/bin/kubelet")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\necho Kubernetes v1.34.20\n")
    file.chmod(0o755)
    assert ready.boot("install").returncode == 0
    assert "https://downloads.example.org/kubelet" in "\n".join(ready.calls("curl"))
    assert "v1.34.20" not in file.read_text()


def test_a_download_with_another_digest(ready):
    (ready.folder / "web/kubelet").write_text("something else")
    result = ready.boot("install")
    assert result.returncode == 1
    assert "does not have the pinned sha256" in result.stderr
    assert "kubelet v1.34.2 could not be fetched from https://downloads.example.org/kubelet" in ready.console()
    assert not ready.path("/usr/local/bin/kubelet").exists()


def test_a_secret_that_never_comes(ready):
    (ready.folder / "no-secret").touch()
    result = ready.boot("install", "secrets")
    assert result.returncode == 1
    calls = ready.calls("fetch-secret", "sleep")
    assert len([call for call in calls if call.startswith("fetch-secret")]) > 10
    assert [call for call in calls if call.startswith("sleep")][:6] == [f"sleep {n}" for n in (2, 4, 8, 16, 30, 30)]
    assert "the secret arn:confkube/demo-4f2a/control-plane could not be read" in ready.console()
    assert list((ready.folder / "run/confkube").iterdir()) == []


NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pods", "labels": {"a": "b"}}}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "peer-pods-secret", "namespace": "pods"},
    "type": "Opaque",
    "stringData": {"ACCESS_KEY": "KEY C", "EMPTY": ""},
}
# Keeps what it is told to apply, with the permissions of the file.
KUBECTL = f"""
printf 'kubectl %s\\n' "$*" >>{EXCHANGE}/calls
[ "$1" != version ] || echo Client Version: v1.34.2
case $* in *objects.json) cp -p "$5" {EXCHANGE}/objects.json ;; esac
"""


@pytest.fixture
def bringing(machine):
    machine._program(machine.folder / "disk/usr/local/sbin/kubectl", KUBECTL, record=False)
    machine.write(control_plane(machine, objects=True))
    return machine


def test_objects_of_the_secret_are_made_before_the_addons_and_forgotten(bringing):
    offer(bringing, {**SECRETS, "objects": [SECRET, NAMESPACE]})
    result = bringing.boot(*STEPS)
    assert result.returncode == 0, result.stderr
    calls = [call for call in bringing.calls("kubectl", "helm") if "version" not in call]
    assert [" ".join(call.split()[:2]) for call in calls][:3] == ["kubectl apply", "kubectl apply", "kubectl -n"]
    assert calls[1] == "kubectl apply --server-side --field-manager=confkube -f /run/confkube/objects.json"
    applied = bringing.folder / "objects.json"
    assert applied.stat().st_mode & 0o777 == 0o600
    assert json.loads(applied.read_text()) == {"apiVersion": "v1", "kind": "List", "items": [NAMESPACE, SECRET]}
    assert list((bringing.folder / "run/confkube").iterdir()) == []
    assert "KEY C" not in result.stdout + result.stderr + bringing.console() + "\n".join(calls)
    assert tools.run("grep", "-rl", "KEY C", str(bringing.folder / "disk")).stdout == ""


def test_a_start_that_was_cut_off_brings_the_objects_again(bringing):
    offer(bringing, {**SECRETS, "objects": [NAMESPACE]})
    (bringing.folder / "fail").touch()
    assert bringing.boot(*STEPS).returncode == 1
    assert not (bringing.folder / "objects.json").exists()
    (bringing.folder / "fail").unlink()
    assert bringing.boot(*STEPS).returncode == 0
    assert json.loads((bringing.folder / "objects.json").read_text())["items"] == [NAMESPACE]


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        (None, "the secret brings no list of objects"),
        ([], "the secret brings no list of objects"),
        ({"a": NAMESPACE}, "the secret brings no list of objects"),
        (["KEY C"], "object 1 of the secret is neither a Namespace nor a Secret of v1"),
        ([NAMESPACE, {**SECRET, "kind": "ConfigMap"}], "object 2 of the secret is neither a Namespace nor a Secret"),
        ([{**SECRET, "kind": "Pod"}], "is neither a Namespace nor a Secret of v1"),
        ([{**SECRET, "apiVersion": "apps/v1"}], "is neither a Namespace nor a Secret of v1"),
        ([{**NAMESPACE, "spec": {}}], "has something that no Namespace has"),
        ([{**SECRET, "webhooks": []}], "has something that no Secret has"),
        ([{**NAMESPACE, "metadata": {}}], "must have name, with labels and annotations at most"),
        ([{**SECRET, "metadata": {"name": "x"}}], "must have name and namespace"),
        ([{**SECRET, "metadata": {**SECRET["metadata"], "ownerReferences": []}}], "must have name and namespace"),
        ([{**SECRET, "stringData": {"a": 1}}], "holds something that is not a text"),
        ([{**SECRET, "data": ["KEY C"]}], "holds something that is not a text"),
    ],
)
def test_objects_that_are_not_usable(bringing, objects, reason):
    offer(bringing, SECRETS | ({} if objects is None else {"objects": objects}))
    result = bringing.boot("install", "secrets")
    assert result.returncode == 1
    assert reason in result.stderr
    assert "is not usable" in bringing.console()
    assert "KEY" not in result.stderr
    assert list((bringing.folder / "run/confkube").iterdir()) == []
    assert not bringing.path("/etc/kubernetes/pki/ca.key").exists()


def test_objects_that_nobody_asked_for_are_refused(ready):
    offer(ready, {**SECRETS, "objects": [NAMESPACE]})
    result = ready.boot("install", "secrets")
    assert result.returncode == 1
    assert "with exactly these names" in result.stderr


def test_objects_of_a_secret_of_another_cluster_stay_out(bringing):
    other = samples.CERTIFICATE.replace("MIIB", "MIIC")
    offer(bringing, {**SECRETS, "ca.crt": other, "objects": [SECRET]})
    assert bringing.boot("install", "secrets").returncode == 1
    assert list((bringing.folder / "run/confkube").iterdir()) == []


def test_runtime_classes_that_no_chart_makes(machine):
    machine._program(machine.folder / "disk/usr/local/sbin/kubectl", KUBECTL, record=False)
    machine.write(control_plane(machine, runtime_classes=("kata-cc",)))
    offer(machine, SECRETS)
    assert machine.boot(*STEPS[:3]).returncode == 0
    applied = [call for call in machine.calls("kubectl") if "apply" in call]
    assert applied[1:] == ["kubectl apply -f /etc/confkube/runtime-classes.yaml"]
    (made,) = yaml.safe_load_all(machine.path("/etc/confkube/runtime-classes.yaml").read_text())
    assert (made["kind"], made["metadata"]["name"], made["handler"]) == ("RuntimeClass", "kata-cc", "kata-cc")


@pytest.mark.parametrize(
    ("secrets", "reason"),
    [
        ({**SECRETS, "ca.crt": samples.CERTIFICATE.replace("MIIB", "MIIC")}, "belongs to another cluster"),
        (
            {k: v for k, v in SECRETS.items() if k != "sa.key"},
            "with exactly these names: ca.crt, ca.key, sa.key, sa.pub, token",
        ),
        ({**SECRETS, "more": "x"}, "with exactly these names"),
        ({**SECRETS, "sa.key": 1}, "with exactly these names"),
        (["KEY A"], "with exactly these names"),
    ],
)
def test_a_secret_that_is_not_usable(ready, secrets, reason):
    offer(ready, secrets)
    result = ready.boot("install", "secrets")
    assert result.returncode == 1
    assert reason in result.stderr
    assert "is not usable" in ready.console()
    assert "KEY" not in result.stderr
    assert not ready.path("/etc/kubernetes/pki/ca.key").exists()
    assert list((ready.folder / "run/confkube").iterdir()) == []


def test_a_secret_that_is_not_json(ready):
    (ready.folder / "secret.json").write_text("KEY A")
    result = ready.boot("install", "secrets")
    assert result.returncode == 1
    assert "the secret is not JSON" in result.stderr
    assert "KEY" not in result.stderr


def test_an_addon_with_another_digest(ready):
    assert ready.boot("install", "secrets", "control-plane").returncode == 0
    (ready.folder / "web/ebs-1.19.6.tgz").write_text("something else")
    result = ready.boot("addons")
    assert result.returncode == 1
    assert "cilium 1.19.6 is installed" in result.stdout
    assert "the add-on ebs 1.19.6 could not be fetched from oci://charts.example.org/ebs" in ready.console()


def test_changed_values_of_an_addon_install_it_again_alone(ready):
    assert ready.boot(*STEPS).returncode == 0
    ready.path("/etc/confkube/addons/cilium.yaml").write_text("replicas: 2\n")
    ready.calls()
    assert ready.boot("addons").returncode == 0
    assert [call.split()[:4] for call in ready.calls("helm")] == [["helm", "upgrade", "--install", "cilium"]]


def test_charts_that_the_image_carries_are_not_fetched(ready):
    carried = ready.path("/usr/share/confkube/charts")
    carried.mkdir(parents=True)
    for name in ("cilium", "ebs"):
        (carried / f"{ready.chart(f'{name}-1.19.6.tgz', name.encode())}.tgz").write_bytes(name.encode())
    assert ready.boot(*STEPS).returncode == 0
    assert not [call for call in ready.calls("helm", "curl") if "pull" in call or "charts.example" in call]


@pytest.fixture
def joining(machine):
    machine.write(bootstrap.worker(samples.worker(software=machine.software())))
    return machine


def test_a_worker_joins_once_and_forgets_the_token(joining):
    result = joining.boot("install", "join")
    assert result.returncode == 0, result.stderr
    assert [call for call in joining.calls("kubeadm") if "version" not in call] == [
        "kubeadm join --v=1 --config /etc/confkube/kubeadm.yaml"
    ]
    assert samples.TOKEN in (joining.folder / "kubeadm.yaml").read_text()
    assert tools.run("grep", "-rl", samples.TOKEN, str(joining.folder / "disk")).stdout == ""
    assert joining.boot("install", "join").returncode == 0
    assert [call for call in joining.calls("kubeadm") if "version" not in call] == []
    assert joining.path("/usr/local/bin/spire-agent").exists()


def test_a_join_that_was_cut_off_starts_afresh(joining):
    (joining.folder / "fail").touch()
    assert joining.boot("install", "join").returncode == 1
    assert "this machine could not join the cluster at 10.20.0.10:6443" in joining.console()
    (joining.folder / "fail").unlink()
    joining.calls()
    assert joining.boot("install", "join").returncode == 0
    assert [call.split()[1] for call in joining.calls("kubeadm") if "version" not in call] == ["reset", "join"]


CLOUD_INIT = """
import subprocess, sys
sys.path[:0] = [sys.argv[1], *sys.argv[2].split(":")]
import yaml
from cloudinit.config.cc_write_files import write_files
document = yaml.safe_load(open(sys.argv[3]))
write_files("user-data", document["write_files"], "root:root")
subprocess.run(document["runcmd"][0], check=True)
"""


@pytest.mark.parametrize(
    "render",
    [
        lambda: bootstrap.control_plane(samples.control_plane()),
        lambda: bootstrap.worker(samples.worker()),
        lambda: bootstrap.trust_server(samples.trust_server()),
    ],
)
def test_cloud_init_writes_what_was_meant(machine, render):
    """The distribution's own cloud-init writes the files, and tar opens the archive, on a machine without any."""
    text = render()
    modules = tools.extracted(("cloud-init",)) / "usr/lib/python3/dist-packages"
    packages = ":".join(path for path in sys.path if "site-packages" in path)
    (machine.folder / "write.py").write_text(CLOUD_INIT)
    (machine.folder / "user-data").write_text(text)
    result = machine.boot(f"python3 {EXCHANGE}/write.py {modules} {packages} {EXCHANGE}/user-data")
    assert result.returncode == 0, result.stderr
    for file in written(text):
        found = machine.path(file.path)
        assert (found.read_text(), found.stat().st_mode & 0o777, found.stat().st_uid) == (file.text, file.mode, 0)


def test_the_users_cloud_config_is_added_and_replaces_nothing():
    """Merged by the distribution's own cloud-init, with the merge type that the second part carries."""
    modules = tools.extracted(("cloud-init",)) / "usr/lib/python3/dist-packages"
    script = (
        "import importlib.util, sys, yaml\n"
        "from cloudinit import mergers\n"
        "kind, ours, theirs = yaml.safe_load(sys.stdin)\n"
        "merger = mergers.construct(mergers.string_extract_mergers(kind))\n"
        "yaml.safe_dump(merger.merge(yaml.safe_load(ours), yaml.safe_load(theirs)), sys.stdout)\n"
    )
    extra = "#cloud-config\nhostname: mine\nruncmd: [[true]]\nwrite_files: [{path: /x, content: y}]\npackages: [htop]\n"
    text = bootstrap.control_plane(samples.control_plane(extra_user_data=(extra,)))
    ours, theirs = email.message_from_string(text).get_payload()
    result = subprocess.run(
        [sys.executable, "-c", script],
        input=yaml.safe_dump([theirs["Merge-Type"], ours.get_payload(), theirs.get_payload()]),
        env={"PYTHONPATH": str(modules)},
        capture_output=True,
        text=True,
        check=True,
    )
    merged, alone = yaml.safe_load(result.stdout), yaml.safe_load(ours.get_payload())
    assert merged["hostname"] == alone["hostname"]
    assert merged["runcmd"] == [*alone["runcmd"], [True]]
    assert merged["write_files"] == [*alone["write_files"], {"path": "/x", "content": "y"}]
    assert merged["packages"] == ["htop"]
