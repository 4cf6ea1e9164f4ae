"""A host of children: what is refused, what its boot text holds, and that it fits."""

import ast
import hashlib
import json
import re
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
import source_trees
from boot import samples
from boot.children_world import OVERLAY, boot

from confkube import bootstrap
from confkube.bootstrap import Archive, Children, Overlay
from confkube.bootstrap.document import carried, written
from confkube.bootstrap.nested_values import COMPUTED_ELSEWHERE, NOT_CONFIDENTIAL, UNPROVEN, hardware_address
from confkube.errors import Refusal

HOSTS = tuple(f"10.20.0.{number}" for number in range(10, 60))
IGVM = Archive(url="https://images.example.org/child.igvm", sha256="cd" * 32)


def children(**changes):
    return Children(
        **{
            "count": 2,
            "vcpus": 2,
            "memory_mib": 4096,
            "disk_gib": 20,
            "image": Archive(url="https://images.example.org/child.qcow2", sha256="ab" * 32),
            "user_data": bootstrap.worker(samples.worker()),
        }
        | changes
    )


def files(**changes):
    return {file.path: file for file in written(bootstrap.nested_host(boot(1, **changes)))}


def document(**changes):
    return json.loads(files(children=children(**changes))["/etc/confkube/children.json"].text)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Overlay(control_plane="10.20.0.9", hosts=()), "hosts: 0 addresses are given; choose 1 to 254"),
        (lambda: Overlay(control_plane="here", hosts=HOSTS), "'here' is not an IP address"),
        (lambda: Overlay(control_plane=HOSTS[3], hosts=HOSTS), "hosts: an address occurs twice in 10.20.0.13, 10.20"),
        (lambda: Overlay(control_plane="10.21.9.9", hosts=HOSTS), "10.21.0.0/16 holds 10.21.9.9 of a host or control"),
        (lambda: Overlay(control_plane="10.20.0.9", hosts=HOSTS, cidr="10.0.0.0/8"), "10.0.0.0/8 does not fit; give a"),
        (lambda: Overlay(control_plane="10.20.0.9", hosts=HOSTS, cidr="8.8.0.0/16"), "8.8.0.0/16 does not fit; give a"),
        (
            lambda: Overlay(control_plane="10.20.0.9", hosts=HOSTS, between=(("sctp", 1),)),
            "'sctp' is not known; choose",
        ),
        (lambda: children(hypervisor="xen"), "hypervisor: 'xen' is not known; choose one of mshv, qemu-kvm"),
        (lambda: children(tee="sgx"), "tee of children: 'sgx' is not known; choose one of none, snp, tdx"),
        (lambda: children(count=201), "children: 201 are too many or too few; choose 0 to 200"),
        (lambda: children(vcpus=0), "children's vcpus: 0 is too small; use 1 or more"),
        (lambda: children(memory_mib=128), "children's memory_mib: 128 is too small; use 512 or more"),
        (lambda: children(disk_gib=0), "children's disk_gib: 0 is too small; use 1 or more"),
        (lambda: children(image=Archive(url="oci://x/y", sha256="ab" * 32)), "'oci://x/y' is not an https address"),
        (lambda: children(initrd=IGVM), "give the kernel that they belong to"),
        (lambda: children(kernel=IGVM, kernel_arguments="a\nb"), "'a\\nb' is not one line of printable ASCII"),
        (lambda: children(firmware="OVMF.fd"), "'OVMF.fd' is not an absolute path on the host"),
        (lambda: children(user_data="#cloud-config\n# ü\n"), "children's user data: it holds characters outside ASCII"),
        (lambda: children(igvm=IGVM), "qemu-kvm starts none; take it away, or choose the hypervisor mshv"),
        (lambda: children(hypervisor="mshv", tee="tdx"), "mshv has no 'tdx'; choose one of none, snp"),
        (
            lambda: children(hypervisor="mshv", tee="snp"),
            "starts confidential children from one of yours; give url and",
        ),
        (lambda: children(hypervisor="mshv", tee="snp", igvm=IGVM, kernel=IGVM), "it is in the IGVM file; take kernel"),
        (lambda: children(hypervisor="mshv"), "mshv starts ordinary children from a kernel or a firmware; give one"),
        (lambda: boot(3), "host number: 3 is not one of 1 to 2"),
        (lambda: boot(1, cluster_id="c" * 50), "is too long for the names of its children"),
    ],
)
def test_wrong_values_are_refused_in_one_line(make, message):
    with pytest.raises(Refusal, match=re.escape(message)) as refused:
        make()
    assert "\n" not in str(refused.value)


def test_addresses_follow_from_the_number():
    assert str(OVERLAY.gateway(0)) == "10.21.0.1"
    assert str(OVERLAY.subnet(2)) == "10.21.2.0/24"
    assert str(OVERLAY.gateway(2)) == "10.21.2.1"
    assert str(OVERLAY.child(2, 1)) == "10.21.2.10"
    assert hardware_address(IPv4Address("10.21.2.10")) == "02:cf:0a:15:02:0a"


def test_the_last_child_of_the_last_host_has_an_address():
    overlay = Overlay(control_plane="10.20.0.9", hosts=tuple(f"10.20.1.{number}" for number in range(254)))
    assert str(overlay.child(254, 200)) == "10.21.254.209"


def test_rendering_is_repeatable():
    assert bootstrap.nested_host(boot(1)) == bootstrap.nested_host(boot(1))
    assert bootstrap.nested_host(boot(1)) != bootstrap.nested_host(boot(2))


def test_the_token_of_the_children_is_not_in_user_data_where_there_is_a_secret():
    made = files()
    assert not [file.path for file in made.values() if samples.TOKEN in file.text]
    assert "SECRET_ADDRESS=us-east-2/confkube/demo-4f2a/host-1\n" in made["/etc/confkube/node.env"].text
    assert made["/usr/local/lib/confkube/fetch-secret"].mode == 0o700


def test_without_a_secret_the_childrens_boot_text_travels_along():
    made = files(secret_name="", profile=samples.profile(user_data_limit=10**6))
    (holder,) = [file for file in made.values() if samples.TOKEN in file.text]
    assert (holder.path, holder.mode) == ("/etc/confkube/children-user-data", 0o600)
    assert holder.text == bootstrap.worker(samples.worker())
    assert "/usr/local/lib/confkube/fetch-secret" not in made


def test_the_childrens_boot_text_is_not_shown():
    assert samples.TOKEN not in repr(boot(1))


def test_the_largest_fits_the_smallest_user_data():
    """As it travels to the platform with the tightest bound: compressed, and the children's own text in the secret."""
    name, tight = "n" * 38, samples.profile(compressed=True)
    plain = samples.profile(compressed=False, user_data_limit=1 << 20)
    kernel = Archive(url=f"https://{'i' * 100}.example.org/{'k' * 100}", sha256="ef" * 32)
    many = children(
        user_data=bootstrap.worker(replace(samples.largest()["worker"], profile=plain)),
        tee="snp",
        kernel=kernel,
        initrd=kernel,
        kernel_arguments="console=ttyS0 " * 9,
    )
    overlay = Overlay(control_plane="10.100.100.100", hosts=HOSTS)
    secret = "confkube/a-name/hosts-50"
    values = {"cluster_id": name, "overlay": overlay, "children": many, "secret_name": secret, "profile": tight}
    text = bootstrap.nested_host(boot(50, **values))
    assert len(carried(text)) <= samples.AWS_LIMIT


def test_the_file_says_what_its_children_are():
    assert document()["note"] == NOT_CONFIDENTIAL
    assert document(tee="snp")["note"] == UNPROVEN
    assert document(hypervisor="mshv", tee="snp", igvm=IGVM)["measurement"] == COMPUTED_ELSEWHERE


def test_the_bound_digest_is_that_of_the_user_data():
    made = children(user_data="#cloud-config\n{}\n\n")
    assert made.user_data == "#cloud-config\n{}\n"
    assert made.bound_digest == hashlib.sha256(b"#cloud-config\n{}\n").hexdigest()
    assert document()["bound"] == children().bound_digest


def test_packages_of_the_hypervisor_come_from_the_distribution():
    made = files()
    found = set(re.findall(r"[a-z0-9-]+", made["/etc/confkube/node.env"].text))
    assert {"genisoimage", "ovmf", "qemu-system-x86", "qemu-utils"} <= found
    assert "/usr/local/lib/confkube/host.sh" not in made


def test_a_host_under_the_microsoft_hypervisor_becomes_its_root_partition_first():
    made = files(
        children=children(hypervisor="mshv", tee="snp", igvm=IGVM),
        software=bootstrap.pinned_for("tdnf"),
        profile=samples.profile(compressed=True),
    )
    environment = made["/etc/confkube/node.env"].text
    assert {"cdrkit", "cloud-hypervisor", "kernel-mshv"} <= set(re.findall(r"[a-z0-9-]+", environment))
    assert "qemu" not in environment
    assert "DEVICES=/dev/mshv\n" in environment
    assert "confkube-children.service" in made["/etc/systemd/system/confkube-host.service"].text
    assert {"/usr/local/lib/confkube/host.sh", "/usr/local/lib/confkube/tdnf.sh"} <= set(made)


def test_the_program_of_the_host_arrives_whole_without_its_documentation():
    source = samples.COMPONENTS / "bootstrap/children"
    for path, file in files().items():
        if not path.endswith(".py"):
            continue
        original = (source / path.rpartition("/")[2]).read_text()
        assert ast.dump(_undocumented(original)) == ast.dump(source_trees.parse(file.text))


def _undocumented(text):
    tree = source_trees.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _is_text(each)]
    return tree


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_the_overlay_of_the_control_plane_is_a_list_of_files_and_units():
    made = {file.path: file.text for file in bootstrap.overlay_files(OVERLAY)}
    assert made["/etc/confkube/overlay"] == "0 10.21\n10.20.128.10\n10.20.0.10\n10.20.0.11\n"
    assert set(bootstrap.OVERLAY_UNITS) == {
        path.rpartition("/")[2].removesuffix(".service") for path in made if path.endswith(".service")
    }
    together = samples.control_plane(
        extra_files=tuple(bootstrap.overlay_files(OVERLAY)), extra_units=bootstrap.OVERLAY_UNITS
    )
    assert {file.path for file in written(bootstrap.control_plane(together))} >= set(made)
