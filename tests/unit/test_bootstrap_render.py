"""What rendered boot text holds: golden files for each role, size, no private key, the user's own parts."""

import email
import re
from dataclasses import replace

import pytest
import yaml
from boot import samples
from hypothesis import given
from hypothesis import strategies as st

from confkube import bootstrap
from confkube.bootstrap.document import Machine, cloud_config, multipart, written
from confkube.bootstrap.files import BootFile, bundle, fill, plain, unbundle
from confkube.errors import Refusal

RENDER = {
    "control-plane": (bootstrap.control_plane, samples.control_plane),
    "worker": (bootstrap.worker, samples.worker),
    "trust-server": (bootstrap.trust_server, samples.trust_server),
}
PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")


@pytest.mark.parametrize("role", RENDER)
def test_rendering_is_repeatable(role):
    render, sample = RENDER[role]
    assert render(sample()) == render(sample())


@pytest.mark.parametrize("role", RENDER)
def test_no_private_key(role):
    render, sample = RENDER[role]
    text = render(sample())
    for part in (text, *(file.text for file in written(text))):
        assert set(PEM.findall(part)) <= {"CERTIFICATE"}


@pytest.mark.parametrize("role", RENDER)
def test_the_largest_fits(role):
    size = len(RENDER[role][0](samples.largest()[role]).encode())
    assert size <= samples.AWS_LIMIT, size


@pytest.mark.parametrize("role", RENDER)
def test_one_byte_too_many_is_refused(role):
    render, sample = RENDER[role]
    size = len(render(sample()))
    assert render(sample(profile=samples.profile(user_data_limit=size)))
    message = f"user data: {size} bytes are more than the {size - 1} that aws takes; shorten extra_user_data"
    with pytest.raises(Refusal, match=re.escape(message)):
        render(sample(profile=samples.profile(user_data_limit=size - 1)))


def test_a_private_key_in_an_addons_values_is_refused():
    key = "-----BEGIN RSA PRIVATE KEY-----\nabc\n"
    with pytest.raises(Refusal, match="holds a private key"):
        bootstrap.control_plane(samples.control_plane(addons=(samples.addon(values={"tls": {"key": key}}),)))
    with pytest.raises(Refusal, match="holds a private key"):
        bootstrap.worker(samples.worker(extra_user_data=(f"#!/bin/sh\n# {key}",)))


def test_the_control_planes_text_holds_no_token_and_the_workers_holds_it_once():
    assert "bootstrapTokens" not in bootstrap.control_plane(samples.control_plane(addons=()))
    worker = bootstrap.worker(samples.worker())
    assert worker.count(samples.TOKEN) == 1
    files = [file for file in written(worker) if samples.TOKEN in file.text]
    assert [(file.path, file.mode) for file in files] == [("/etc/confkube/kubeadm.yaml", 0o600)]


def test_the_token_is_not_shown():
    assert samples.TOKEN not in repr(samples.worker())


def test_kubeadm_configuration_ends_with_the_document_that_takes_the_token():
    text = next(
        f.text for f in written(bootstrap.control_plane(samples.control_plane())) if f.path.endswith("kubeadm.yaml")
    )
    assert [part["kind"] for part in yaml.safe_load_all(text)][-1] == "InitConfiguration"


def test_no_addons_no_helm():
    paths = {file.path for file in written(bootstrap.control_plane(samples.control_plane(addons=())))}
    assert not [path for path in paths if "addons" in path]


def test_no_trust_server_no_agent():
    text = bootstrap.worker(samples.worker(trust=None))
    assert "spire" not in text
    assert not [file for file in written(text) if "spire" in file.path or "trust" in file.path]


def test_lab_settings_stay_out():
    for render, sample in RENDER.values():
        text = "".join(file.text for file in written(render(sample())))
        for word in ("cgroupfs", "failCgroupV1", "no-fsync", "restrict_oom_score_adj", "evictionHard"):
            assert word not in text


def test_extra_parts_follow_and_do_not_replace():
    extra = ("#cloud-config\nruncmd: [[true]]\n", "#!/bin/sh\necho hello\n")
    text = bootstrap.worker(samples.worker(extra_user_data=extra))
    message = email.message_from_string(text)
    parts = message.get_payload()
    assert [part.get_content_type() for part in parts] == [
        "text/cloud-config",
        "text/cloud-config",
        "text/x-shellscript",
    ]
    assert parts[0].get_payload().strip() == bootstrap.worker(samples.worker()).strip()
    assert parts[0]["Merge-Type"] is None
    assert parts[1]["Merge-Type"] == "list(append)+dict(no_replace,recurse_list)+str()"
    assert parts[2].get_payload().strip() == extra[1].strip()


@pytest.mark.parametrize("part", ["hello", "", "#include https://example.org", "\n#cloud-config\n"])
def test_an_unknown_part_is_refused(part):
    with pytest.raises(Refusal, match="choose one of #cloud-config, #!"):
        bootstrap.worker(samples.worker(extra_user_data=(part,)))


def test_a_part_that_is_not_ascii_is_refused():
    with pytest.raises(Refusal, match="outside ASCII"):
        multipart(["#!/bin/sh\necho grüße\n"])


def test_values_that_yaml_would_change_are_refused():
    with pytest.raises(Refusal, match="outside printable ASCII"):
        plain("/x", "a\x07b\n")
    with pytest.raises(Refusal, match="cannot be carried"):
        cloud_config(Machine(role="r", cluster_id="c", files=[plain("/x", "no newline at the end")], units=["u"]))


@given(st.text("ab#:-'\"\\ \t\n", max_size=30))
def test_a_file_comes_out_as_it_went_in_or_is_refused(text):
    files = [plain("/a", text), plain("/b", "b\n")]
    try:
        config = cloud_config(Machine(role="r", cluster_id="c", files=files, units=["u"]))
    except Refusal:
        return
    assert [file for file in written(config) if not file.bundled] == files


def test_a_missing_value_is_an_error():
    with pytest.raises(Exception, match="undefined"):
        fill("firewall.nft", family="ip")


def test_the_archive_comes_out_as_it_went_in():
    files = [BootFile(path=f"/a/{n}", text="x\n" * n, mode=0o640 + n, bundled=True) for n in range(4)]
    assert unbundle(bundle(files)) == files
    assert bundle(files) == bundle(files)


def test_software_names_only_what_the_role_needs():
    def names(text):
        listed = next(file.text for file in written(text) if file.path == "/etc/confkube/downloads")
        return [line.split()[0] for line in listed.splitlines()]

    assert names(bootstrap.control_plane(samples.control_plane())) == ["kubeadm", "kubelet", "kubectl", "helm"]
    assert names(bootstrap.control_plane(samples.control_plane(addons=()))) == ["kubeadm", "kubelet", "kubectl"]
    assert names(bootstrap.worker(samples.worker())) == ["kubeadm", "kubelet", "spire-agent"]
    assert names(bootstrap.trust_server(samples.trust_server())) == ["spire-server"]


def test_packages_and_addresses_are_values():
    software = replace(bootstrap.pinned(), packages=("curl", "my-package"))
    text = bootstrap.worker(samples.worker(software=software))
    assert "my-package" in text
