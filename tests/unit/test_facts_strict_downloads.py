"""The loader refuses a download or an image that is not pinned as it should be."""

import re

import pytest

from confkube.facts import FactsError
from confkube.facts.artifacts import parse_images, parse_versions

ARTIFACT = f"""
[addons]
cvm-nodes = []
[[artifact]]
name = "tool"
version = "v1.2.3"
kind = "binary"
url = "https://example.org/v1.2.3/tool"
sha256 = "{"0f" * 32}"
evidence = "quoted"
source = "https://example.org/sums"
checked = 2026-11-23
"""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("0f" * 32, "0F" * 32, "sha256 must be 64 lower-case hex digits"),
        ("0f" * 32, "0f" * 31, "sha256 must be 64 lower-case hex digits"),
        ("0f" * 32, "unknown", "sha256 must be 64 lower-case hex digits"),
        (f'sha256 = "{"0f" * 32}"\n', "", "give either sha256 or why_unknown"),
        (f'sha256 = "{"0f" * 32}"\n', 'why_unknown = "lost"\n', "a sha256, and only a sha256, needs evidence"),
        ('evidence = "quoted"', "", "a sha256, and only a sha256, needs evidence"),
        ('evidence = "quoted"', 'evidence = "heard"', "a sha256, and only a sha256, needs evidence"),
        ('evidence = "quoted"', 'evidence = "quoted"\nwhy_unknown = "x"', "give either sha256 or why_unknown"),
        ('kind = "binary"', 'kind = "chart"', "charts, and only charts, name their namespace"),
        ('kind = "binary"', 'kind = "binary"\nnamespace = "x"', "charts, and only charts, name their namespace"),
        ('kind = "binary"', 'kind = "wheel"', "kind 'wheel' is not one of"),
        ("https://example.org/v1.2.3/tool", "https://example.org/latest/tool", "url does not name version v1.2.3"),
        ("https://example.org/v1.2.3/tool", "http://example.org/v1.2.3/tool", "url must be an https or oci address"),
        ("cvm-nodes = []", 'cvm-nodes = ["tool"]', "cvm-nodes 'tool' is not one of"),
        ("checked = 2026-11-23", "checked = 2026-11-23\nmd5 = 1", "unknown key 'md5'"),
        ("[addons]\ncvm-nodes = []", "addons = 1", "addons must be a table"),
        ("[addons]", "substitutes = 1\n[addons]", "substitutes must be a table"),
        ("[addons]", "[substitutes]\naws = 1\n[addons]", "versions.toml substitutes: aws must be a table"),
        ("[addons]", '[substitutes.aws]\ncilium = "tool"\n[addons]', "substitutes aws: cilium 'tool' is not one of"),
        ("[addons]", "artefact = 1\n[addons]", "versions.toml: unknown key 'artefact'"),
        ("[[artifact]]", "".join(ARTIFACT.partition("[[artifact]]")[1:]) + "[[artifact]]", "is written twice"),
    ],
)
def test_a_bad_download_is_refused(old, new, reason):
    assert old in ARTIFACT
    assert parse_versions(ARTIFACT).artifacts["tool"].version == "v1.2.3"
    with pytest.raises(FactsError, match=re.escape(reason)):
        parse_versions(ARTIFACT.replace(old, new))


GIT = f"""
[addons]
cvm-nodes = ["chart"]
[[artifact]]
name = "chart"
version = "1.2.3"
kind = "git"
namespace = "space"
url = "https://example.org/repository"
commit = "{"0f" * 20}"
path = "deploy/charts/chart"
parts = ["part"]
evidence = "published"
source = "https://example.org/tree"
checked = 2026-11-23
[[artifact]]
name = "part"
version = "1"
kind = "git"
url = "https://example.org/other"
commit = "{"1f" * 20}"
path = "chart"
evidence = "published"
source = "https://example.org/tree"
checked = 2026-11-23
"""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("0f" * 20, "0f" * 19, "commit must be 40 lower-case hex digits, not '0f0f"),
        ("0f" * 20, "v1.2.3", "commit must be 40 lower-case hex digits, not 'v1.2.3'"),
        (f'commit = "{"0f" * 20}"\n', "", "commit must be 40 lower-case hex digits, not None"),
        ('path = "deploy/charts/chart"', 'path = "../chart"', "path must be a folder inside the repository"),
        ('path = "deploy/charts/chart"', 'path = "/chart"', "path must be a folder inside the repository"),
        ('path = "deploy/charts/chart"', 'path = "a b"', "path must be a folder inside the repository"),
        ('path = "deploy/charts/chart"\n', "", "path must be a folder inside the repository, not None"),
        ("https://example.org/repository", "oci://example.org/repository", "url must be an https address of a repo"),
        ('path = "chart"', f'path = "chart"\nsha256 = "{"0a" * 32}"', "has neither sha256 nor why_unknown"),
        ('path = "chart"', 'path = "chart"\nwhy_unknown = "x"', "has neither sha256 nor why_unknown"),
        ('path = "chart"\nevidence = "published"', 'path = "chart"', "needs evidence"),
        ('parts = ["part"]', 'parts = ["nothing"]', "chart: its part 'nothing' is no row of kind git"),
        ('cvm-nodes = ["chart"]', 'cvm-nodes = ["part"]', "cvm-nodes 'part' is not one of chart"),
        ('kind = "git"\nnamespace', 'kind = "chart"\nnamespace', "commit, path and parts are for kind git"),
    ],
)
def test_a_bad_repository_is_refused(old, new, reason):
    assert old in GIT
    assert parse_versions(GIT).artifacts["chart"].pinned() == "0f" * 20
    with pytest.raises(FactsError, match=re.escape(reason)):
        parse_versions(GIT.replace(old, new, 1))


IMAGE = """
[[image]]
cloud = "aws"
distribution = "ubuntu-24.04"
name = "an-image-20260923"
owner = "099720109477"
architecture = "x86_64"
boot_mode = "uefi"
root_device = "/dev/sda1"
tees = ["snp"]
source = "https://example.org/images"
checked = 2026-11-23
[image.image_ids]
us-east-2 = "ami-1"
"""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('boot_mode = "uefi"', 'boot_mode = "legacy-bios"', "boot_mode 'legacy-bios' is not one of"),
        ('boot_mode = "uefi"', 'boot_mode = "unknown"', "what is unknown must be said in unknown"),
        ('root_device = "/dev/sda1"', 'root_device = "unknown"', "what is unknown must be said in unknown"),
        ('us-east-2 = "ami-1"', "us-east-2 = 1", "us-east-2 must be a text"),
        ("[[image]]", "[[image]]\nlatest = true", "unknown key 'latest'"),
        (IMAGE, IMAGE + IMAGE, "is written twice"),
        (IMAGE, "images = 1", "images.toml: unknown key 'images'"),
    ],
)
def test_a_bad_image_is_refused(old, new, reason):
    assert parse_images(IMAGE)
    with pytest.raises(FactsError, match=re.escape(reason)):
        parse_images(IMAGE.replace(old, new))
