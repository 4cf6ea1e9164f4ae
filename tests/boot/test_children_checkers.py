"""What real programs say of a host's boot text: the checks of the other roles, and the members of the overlay."""

import pytest
from boot import samples, test_checkers
from boot.children_world import OVERLAY, boot
from unit.test_nested_host import IGVM, children

from confkube import bootstrap

HOSTS = {
    "qemu": lambda: boot(1),
    "qemu without a secret": lambda: boot(1, secret_name="", profile=samples.profile(user_data_limit=1 << 20)),
    "mshv": lambda: boot(
        1,
        children=children(hypervisor="mshv", tee="snp", igvm=IGVM),
        software=bootstrap.pinned_for("tdnf"),
        profile=samples.profile(user_data_limit=1 << 20),
    ),
}


@pytest.fixture(params=[*HOSTS, "control plane"])
def role(request, monkeypatch):
    """The name under which the checks of other roles find the host, or a control plane with its part of the overlay."""

    def render():
        if request.param in HOSTS:
            return bootstrap.nested_host(HOSTS[request.param]())
        parts = {"extra_files": tuple(bootstrap.overlay_files(OVERLAY)), "extra_units": bootstrap.OVERLAY_UNITS}
        return bootstrap.control_plane(samples.control_plane(**parts))

    monkeypatch.setitem(test_checkers.RENDER, "children", render)
    return "children"


def test_cloud_init_accepts_it(role, tmp_path):
    test_checkers.test_cloud_init_accepts_it(role, tmp_path)


def test_systemd_understands_the_units(role, tmp_path):
    test_checkers.test_systemd_understands_the_units(role, tmp_path)


def test_every_enabled_unit_is_written_and_installable(role):
    test_checkers.test_every_enabled_unit_is_written_and_installable(role)


def test_scripts_parse_without_their_comments(role, tmp_path):
    test_checkers.test_stripping_comments_changes_no_script(tmp_path)
