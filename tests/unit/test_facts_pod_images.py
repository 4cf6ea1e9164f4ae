"""Published pod VM images are refused by name where a TEE is wanted, and only there."""

import re

import pytest

from confkube import facts
from confkube.errors import Refusal
from confkube.facts import FactsError
from confkube.facts.pod_images import parse_pod_images, published_pod_images, refuse_without_attester

GALLERY = "/CommunityGalleries/cococommunity-42d8482d-92cd-415b-b332-7648bd978eff/Images"
ROW = """
[[published-pod-image]]
cloud = "aws"
pattern = "podvm-*"
why = "it has no attester"
source = "https://example.org/build"
checked = 2026-11-23
"""


@pytest.mark.parametrize(
    ("cloud", "name", "why"),
    [
        ("aws", "podvm-ubuntu-amd64-0-22-0", "built without a TEE attester"),
        ("azure", f"{GALLERY}/peerpod-podvm-fedora-debug/Versions/0.17.0", "debug image"),
    ],
)
@pytest.mark.parametrize("tee", facts.TEES)
def test_a_published_image_is_refused_where_a_tee_is_wanted(cloud, name, why, tee):
    refuse_without_attester(cloud, name, facts.NO_TEE)
    with pytest.raises(Refusal, match=f"{re.escape(name)}.*{tee}.*{why}"):
        refuse_without_attester(cloud, name, tee)


@pytest.mark.parametrize(
    ("cloud", "name"),
    [
        ("aws", "podvm-ubuntu-amd64-snp"),
        ("aws", "mine-podvm-ubuntu-amd64-0-22-0"),
        ("azure", f"{GALLERY}/peerpod-podvm-fedora/Versions/0.17.0"),
        ("gcp", "podvm-ubuntu-amd64-0-22-0"),
    ],
)
def test_what_no_source_speaks_of_is_not_judged(cloud, name):
    refuse_without_attester(cloud, name, "snp")


def test_every_row_is_of_a_known_cloud():
    assert {image.cloud for image in published_pod_images()} <= set(facts.clouds())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('why = "it has no attester"', "", "why is missing"),
        ("https://example.org", "http://example.org", "source must be one https address"),
        ("checked = 2026-11-23", "", "checked is missing"),
        ('cloud = "aws"', 'cloud = "aws"\ntee = "snp"', "unknown key 'tee'"),
        (ROW, ROW + ROW, "is written twice"),
        (ROW, "images = 1", "pod_images.toml: unknown key 'images'"),
    ],
)
def test_a_bad_row_is_refused(old, new, reason):
    assert parse_pod_images(ROW)
    with pytest.raises(FactsError, match=re.escape(reason)):
        parse_pod_images(ROW.replace(old, new))
