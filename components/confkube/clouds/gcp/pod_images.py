"""An image made from a disk of the user's own in Cloud Storage, with what its TEE needs of it."""

import re

import pulumi
import pulumi_gcp as gcp

from confkube.clouds.gcp.confidential import features
from confkube.clouds.gcp.labels import labels
from confkube.clouds.gcp.settings import GcpSettings
from confkube.errors import Refusal
from confkube.platform import ImageSpec

_ADDRESS = re.compile(r"gs://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])/([^\s?#]+\.tar\.gz)")
"""Buckets: https://cloud.google.com/storage/docs/buckets#naming; the archive holds one file, ``disk.raw``:
https://cloud.google.com/compute/docs/import/import-existing-image#create_image_file; 2026-11-27."""


def source(name: str, address: str) -> str:
    """The address of a disk in the form that Compute Engine takes.

    Raises:
        Refusal: It is no archive in Cloud Storage.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise Refusal(f"{name}: {address!r} is no disk image on gcp; give gs://<bucket>/<name>.tar.gz")
    return f"https://storage.googleapis.com/{found[1]}/{found[2]}"


def make(
    name: str, address: str, spec: ImageSpec, settings: GcpSettings, opts: pulumi.ResourceOptions
) -> gcp.compute.Image:
    """Make the image.

    Raises:
        Refusal: The address is not one of Cloud Storage.
    """
    return gcp.compute.Image(
        name,
        raw_disk={"source": source(name, address)},
        guest_os_features=[{"type": each} for each in features(spec.isolation)],
        labels=None if spec.labels is None else labels(spec.labels),
        # Else a second copy of a large disk would be kept far away: the default is the nearest multi-region.
        storage_locations=[settings.region],
        project=settings.project,
        opts=opts,
    )
