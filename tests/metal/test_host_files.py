"""What the program on a host keeps of files and folders, and puts back; on a folder that stands for a host."""

import pytest

from confkube.metal.host import files
from confkube.metal.host.said import Failure


def state(root):
    def one(path):
        info = path.lstat()
        content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        return (oct(info.st_mode), info.st_uid, content, None if path.is_dir() else info.st_mtime_ns)

    return {str(path.relative_to(root)): one(path) for path in sorted(root.rglob("*"))}


@pytest.fixture
def host(tmp_path):
    root = tmp_path / "host"
    for folder in ("etc/containerd/conf.d", "etc/sysctl.d", "var/lib/kubelet"):
        (root / folder).mkdir(parents=True)
    (root / "etc/containerd/config.toml").write_text("version = 2\n")
    (root / "etc/containerd/conf.d/own.toml").symlink_to("/etc/hostname")
    (root / "etc/sysctl.d/90-confkube.conf").write_text("older\n")
    (root / "etc/sysctl.d/90-confkube.conf").chmod(0o640)
    (root / "var/lib/kubelet").chmod(0o750)
    (tmp_path / "backups").mkdir()
    return root


def test_files_and_trees_are_put_back_exactly(host, tmp_path):
    before = state(host)
    wanted = [host / "etc/sysctl.d/90-confkube.conf", host / "etc/confkube/node.env", host / "usr/local/bin/kubeadm"]
    trees = [host / "etc/confkube", host / "etc/containerd", host / "var/lib/kubelet", host / "opt/cni"]
    known = files.look(map(str, wanted), map(str, trees), tmp_path / "backups")
    assert state(host) == before

    files.write([{"path": str(path), "mode": 0o600, "content": "ours\n"} for path in wanted])
    (host / "etc/containerd/config.toml").write_text("version = 3\n")
    (host / "etc/containerd/conf.d/own.toml").unlink()
    (host / "etc/containerd/conf.d/kata.toml").write_text("kata\n")
    (host / "var/lib/kubelet/pods/one").mkdir(parents=True)
    (host / "var/lib/kubelet/pods/one/token").write_text("x")
    (host / "var/lib/kubelet").chmod(0o700)
    (host / "opt/cni/bin").mkdir(parents=True)
    (host / "opt/cni/bin/bridge").symlink_to("/nowhere")
    (host / "etc/somebody-elses").write_text("stays\n")

    files.restore(known, tmp_path / "backups")
    files.restore(known, tmp_path / "backups")
    (host / "etc/somebody-elses").unlink()
    assert state(host) == before


def test_trees_may_be_absent_and_come_again(host, tmp_path):
    before = state(host)
    known = files.look([], [str(host / "etc/containerd")], tmp_path / "backups")
    files.remove(host / "etc/containerd")
    files.restore(known, tmp_path / "backups")
    assert state(host) == before


def test_a_folder_where_boot_text_has_a_file_is_refused_before_anything(host, tmp_path):
    with pytest.raises(Failure, match="is no file; boot text would replace it"):
        files.look([str(host / "etc/containerd")], [], tmp_path / "backups")


def test_a_file_is_replaced_in_one_step_with_its_mode(host):
    path = host / "etc/sysctl.d/90-confkube.conf"
    with path.open() as reader:
        files.place(path, b"new\n", 0o604)
        assert reader.read() == "older\n"
    assert (path.read_text(), oct(path.stat().st_mode & 0o777)) == ("new\n", "0o604")
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_is_mounted_is_never_removed(host, monkeypatch):
    volume = host / "var/lib/kubelet/pods/one/volumes"
    volume.mkdir(parents=True)
    (volume / "data").write_text("precious")
    monkeypatch.setattr(files, "mounted", lambda: {str(volume)})
    with pytest.raises(Failure, match="is still mounted; nothing below it was removed"):
        files.remove(host / "var/lib/kubelet")
    assert (volume / "data").read_text() == "precious"


def test_links_are_removed_and_not_followed(host, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/data").write_text("precious")
    (host / "var/lib/kubelet/link").symlink_to(tmp_path / "elsewhere")
    files.remove(host / "var/lib/kubelet")
    assert (tmp_path / "elsewhere/data").read_text() == "precious"
