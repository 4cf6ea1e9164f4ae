"""Names, labels, network tags, metadata and fingerprints."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.gcp.errors import ApiError, invalid
from confkube_sandbox.daemon.gcp.rules.sources import LABELS, SEEN, WRITTEN
from confkube_sandbox.daemon.gcp.rules.targets import target_key
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confkube_sandbox.daemon.gcp.context import Call

NAME = r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"
_KEY = re.compile(r"[^\W\dA-Z_][^\WA-Z]*(?:[^\WA-Z]|-)*|[^\W\dA-Z_](?:[^\WA-Z]|-)*")
_VALUE = re.compile(r"(?:[^\WA-Z]|-)*")
_MOST_LABELS = 64
_LONGEST = 63
_LARGEST_VALUE = 262_144
_LARGEST_TOTAL = 524_288
_MOST_TAGS = 64
_LABELLED = (
    "instances.insert instances.setLabels disks.insert disks.setLabels addresses.insert addresses.setLabels "
    "images.insert images.setLabels instanceTemplates.insert"
)
_RESHAPES: Mapping[str, str] = MappingProxyType(
    {"instances.setMachineType": "machineType", "instances.setMinCpuPlatform": "minCpuPlatform"}
)
"""Operation that changes a member on which others depend -> that member."""


def machine(call: Call) -> tuple[dict[str, Any], str]:
    """Return what describes the machine that a call would lead to, and what error texts call it."""
    if call.operation == "instanceTemplates.insert":
        return call.body.get("properties", {}), "resource.properties"
    if call.operation in _RESHAPES:
        member = _RESHAPES[call.operation]
        return {**call.get(target_key(call)), member: call.body.get(member) or ""}, "resource"
    return call.body, "resource"


def _label_sets(call: Call) -> Iterator[tuple[str, dict[str, str]]]:
    body, path = machine(call)
    yield f"{path}.labels", body.get("labels", {})
    for index, disk in enumerate(body.get("disks", [])):
        yield f"{path}.disks[{index}].initializeParams.labels", disk.get("initializeParams", {}).get("labels", {})


@rule(
    "compute",
    "subnetworks.insert",
    name="compute.name-format",
    source="https://github.com/hashicorp/terraform/issues/20884",
    date=SEEN,
    evidence=READ,
)
def name_given(call: Call) -> None:
    """The API's model does not say that a subnetwork needs a name; it does, as every resource."""
    name = call.body.get("name", "")
    if not re.fullmatch(NAME, name):
        raise invalid("resource.name", name, f"Must be a match of regex '(?:{NAME})'")


@rule(
    "compute",
    _LABELLED,
    name="compute.label-value",
    source="https://github.com/oap-project/cloudtik/issues/14",
    date=SEEN,
    evidence=READ,
)
def label_value(call: Call) -> None:
    """A label's value has small letters, digits, underscores and dashes, at most 63."""
    for path, labels in _label_sets(call):
        for value in labels.values():
            if len(value) > _LONGEST or not _VALUE.fullmatch(value):
                text = (
                    f"Label value '{value}' violates format constraints. The value can only contain lowercase letters"
                )
                rest = "numeric characters, underscores and dashes. The value can be at most 63 characters long."
                raise invalid(path, {}, f"{text}, {rest} International characters are allowed.")


@rule(
    "compute",
    _LABELLED,
    name="compute.label-key",
    source="https://github.com/googleapis/google-cloud-node-core/issues/314",
    date=SEEN,
    evidence=READ,
)
def label_key(call: Call) -> None:
    """A label's key starts with a small letter; ``goog`` is Google's own beginning."""
    for path, labels in _label_sets(call):
        for key in labels:
            if not key or len(key) > _LONGEST or not _KEY.fullmatch(key):
                text = f"Label key '{key}' violates format constraints. The key must start with a lowercase character"
                rest = "can only contain lowercase letters, numeric characters, underscores and dashes."
                tail = "The key can be at most 63 characters long. International characters are allowed."
                raise invalid(path, {}, f"{text}, {rest} {tail}")


@rule("compute", _LABELLED, name="compute.label-prefix", source=LABELS, date=WRITTEN, evidence=RECALLED)
def label_prefix(call: Call) -> None:
    """Keys that start with ``goog-`` are Google's own, but for the one that Pulumi's and Terraform's plugins set."""
    for path, labels in _label_sets(call):
        for key in labels:
            if key.startswith("goog-") and not key.startswith(("goog-terraform-", "goog-pulumi-")):
                raise invalid(path, {}, f"Label key '{key}' uses the reserved prefix 'goog-'.")


@rule("compute", _LABELLED, name="compute.label-count", source=LABELS, date=WRITTEN, evidence=RECALLED)
def label_count(call: Call) -> None:
    """A resource has at most 64 labels."""
    for path, labels in _label_sets(call):
        if len(labels) > _MOST_LABELS:
            text = f"The number of labels exceeds the limit of {_MOST_LABELS}."
            raise invalid(path, {}, text)


@rule(
    "compute",
    "instances.insert instances.setTags instanceTemplates.insert",
    name="compute.tag-format",
    source="https://github.com/trailofbits/algo/issues/267",
    date=SEEN,
    evidence=READ,
)
def tag_format(call: Call) -> None:
    """A network tag has the form of a name; a machine has at most 64 different ones, and those words are recalled."""
    body, path = machine(call)
    items: list[str] = call.body.get("items", []) if call.operation == "instances.setTags" else []
    where = "resource.items" if call.operation == "instances.setTags" else f"{path}.tags.items"
    items = items or body.get("tags", {}).get("items", [])
    for index, tag in enumerate(items):
        if not re.fullmatch(NAME, tag):
            raise invalid(f"{where}[{index}]", tag, f"Must be a match of regex '(?:{NAME})'")
        if tag in items[:index]:
            raise invalid(f"{where}[{index}]", tag, f"Duplicate tag: {tag}.")
    if len(items) > _MOST_TAGS:
        raise invalid(where, items, f"Too many tags. Maximum: {_MOST_TAGS}.")


def _metadata(call: Call) -> tuple[str, list[dict[str, str]]]:
    if call.operation == "instances.setMetadata":
        return "resource.items", call.body.get("items", [])
    body, path = machine(call)
    return f"{path}.metadata.items", body.get("metadata", {}).get("items", [])


@rule(
    "compute",
    "instances.insert instances.setMetadata instanceTemplates.insert",
    name="compute.metadata-size",
    source="https://github.com/kubernetes/kubernetes/issues/37180",
    date=SEEN,
    evidence=READ,
)
def metadata_size(call: Call) -> None:
    """A value has at most 256 KiB and all together 512 KiB.

    The source shows the text with the limit of 2016; today's is in https://cloud.google.com/compute/docs/metadata.
    """
    path, items = _metadata(call)
    for index, each in enumerate(items):
        size = len(each.get("value", "").encode())
        if size > _LARGEST_VALUE:
            text = f"Value for field '{path}[{index}].value' is too large: maximum size {_LARGEST_VALUE} character(s)"
            raise ApiError("fieldSizeTooLarge", f"{text}; actual size {size}.", 413)
    total = sum(len(each.get("key", "").encode()) + len(each.get("value", "").encode()) for each in items)
    if total > _LARGEST_TOTAL:
        text = f"Metadata has exceeded the size limit of {_LARGEST_TOTAL} bytes."
        raise ApiError("fieldSizeTooLarge", text, 413)


@rule(
    "compute",
    "instances.insert instances.setMetadata instanceTemplates.insert",
    name="compute.metadata-key",
    source="https://github.com/jenkinsci/google-compute-engine-plugin/issues/127",
    date=SEEN,
    evidence=READ,
)
def metadata_key(call: Call) -> None:
    """A key of metadata is written once.

    https://github.com/hashicorp/terraform/issues/757 shows the words for a key of the wrong form.
    """
    path, items = _metadata(call)
    keys = [each.get("key", "") for each in items]
    for index, key in enumerate(keys):
        if not re.fullmatch(r"[a-zA-Z0-9-_]{1,128}", key):
            raise invalid(f"{path}[{index}].key", key, "Must be a match of regex '[a-zA-Z0-9-_]{1,128}'")
        if key in keys[:index]:
            # The protocol calls the list "item", and the text quotes it so.
            given = {"item": items}
            raise invalid(path.removesuffix(".items"), given, f"Metadata has duplicate keys: {key}")


@rule(
    "compute",
    "instances.setLabels disks.setLabels addresses.setLabels images.setLabels",
    name="compute.label-fingerprint",
    source="https://github.com/googleapis/google-cloud-go/issues/7802",
    date=SEEN,
    evidence=READ,
)
def label_fingerprint(call: Call) -> None:
    """Who changes labels shows the fingerprint of those that he has seen."""
    held = call.get(target_key(call))
    if call.body.get("labelFingerprint", "") != held["labelFingerprint"]:
        text = "Labels fingerprint either invalid or resource labels have changed"
        raise ApiError("conditionNotMet", text, 412)


@rule(
    "compute",
    "instances.setTags instances.setMetadata",
    name="compute.fingerprint",
    source="https://github.com/gravitational/teleport/pull/43219",
    date=SEEN,
    evidence=READ,
)
def fingerprint(call: Call) -> None:
    """Who changes tags or metadata shows the fingerprint of those that he has seen."""
    what = "tags" if call.operation == "instances.setTags" else "metadata"
    held = call.get(target_key(call))
    if call.body.get("fingerprint", "") != held[what]["fingerprint"]:
        text = f"Supplied fingerprint does not match current {what} fingerprint."
        raise ApiError("conditionNotMet", text, 412)


@rule(
    "compute",
    "subnetworks.patch instanceGroupManagers.patch",
    name="compute.resource-fingerprint",
    source="https://github.com/DefangLabs/pulumi-defang/issues/370",
    date=SEEN,
    evidence=READ,
)
def resource_fingerprint(call: Call) -> None:
    """A fingerprint that is sent along has to be the present one; a subnetwork needs it."""
    given = call.body.get("fingerprint", "")
    if (given or call.operation == "subnetworks.patch") and given != call.get(target_key(call))["fingerprint"]:
        raise ApiError("conditionNotMet", "Invalid fingerprint.", 412)
