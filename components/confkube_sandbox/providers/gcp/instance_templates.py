"""Instance templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.gcp import links, machine_outputs, machines, naming, operations, template_disks
from confkube_sandbox.providers.gcp.answers import parts
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.compute import Compute
from confkube_sandbox.providers.gcp.connection import connect
from confkube_sandbox.providers.gcp.rules.values import gce_name, no_longer_than
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Context, Properties

_NIC = "networkInterfaces[*]"


class InstanceTemplate(Compute, token="gcp:compute/instanceTemplate:InstanceTemplate"):
    """``gcp.compute.InstanceTemplate``; services/compute/resource_compute_instance_template.go."""

    noun: ClassVar = "Instance Template"
    collection: ClassVar = "instanceTemplates"
    parameter: ClassVar = "instanceTemplate"
    model: ClassVar = "InstanceTemplate"
    template: ClassVar = "projects/{project}/global/instanceTemplates/{name}"
    seconds: ClassVar = (240, 240, 240)
    supported: ClassVar = frozenset(
        {
            "advancedMachineFeatures",
            "canIpForward",
            "confidentialInstanceConfig",
            "description",
            "disks",
            "enableDisplay",
            "instanceDescription",
            "keyRevocationActionType",
            "labels",
            "machineType",
            "metadata",
            "metadataStartupScript",
            "minCpuPlatform",
            "name",
            "namePrefix",
            "networkInterfaces",
            "project",
            "region",
            "reservationAffinity",
            "scheduling",
            "serviceAccount",
            "shieldedInstanceConfig",
            "tags",
        }
    )
    unserved: ClassVar = (
        *machines.UNSERVED,
        "disks.*.diskEncryptionKey",
        "disks.*.resourceManagerTags",
        "disks.*.resourcePolicies",
        "disks.*.sourceImageEncryptionKey",
        "disks.*.sourceSnapshot",
        "disks.*.sourceSnapshotEncryptionKey",
        "disks.*.storagePool",
    )
    defaults: ClassVar = {
        **machines.DEFAULTS,
        "advancedMachineFeatures.enableNestedVirtualization": False,
        "disks.*.autoDelete": True,
    }
    name: ClassVar = naming.Autoname(unless="namePrefix")
    labelled: ClassVar = True
    rules: ClassVar = {**machines.RULES, "name": gce_name, "namePrefix": no_longer_than(54, 63)}
    conflicts: ClassVar = (("name", "namePrefix"),)
    some: ClassVar = (
        tuple(f"confidentialInstanceConfig.{key}" for key in ("enableConfidentialCompute", "confidentialInstanceType")),
    )
    same: ClassVar = {
        "disks[*].sourceImage": template_disks.same_image,
        "serviceAccount.scopes": machines.same_scopes,
        f"{_NIC}.aliasIpRanges[*].ipCidrRange": machines.same_alias_range,
        f"{_NIC}.network": links.same,
        f"{_NIC}.subnetwork": links.same,
    }
    sets: ClassVar = frozenset({"tags", "scheduling.nodeAffinities"})
    maps: ClassVar = frozenset({"metadata", "disks[*].labels"})
    filled: ClassVar = frozenset(
        {
            *(
                f"disks[*].{key}"
                for key in ("architecture", "boot", "deviceName", "diskSizeGb", "diskType", "interface", "mode")
            ),
            *(f"disks[*].{key}" for key in ("provisionedIops", "provisionedThroughput", "sourceImage", "type")),
            "scheduling.onHostMaintenance",
            "scheduling.provisioningModel",
            "serviceAccount.email",
            *(f"{_NIC}.accessConfigs[*].{key}" for key in ("natIp", "networkTier")),
            *(f"{_NIC}.{key}" for key in ("network", "networkAttachment", "stackType", "subnetwork")),
            *(f"{_NIC}.{key}" for key in ("igmpQuery", "internalIpv6PrefixLength", "ipv6Address", "subnetworkProject")),
        }
    )
    computed = frozenset(
        {
            "confidentialInstanceConfig",
            "creationTimestamp",
            "metadataFingerprint",
            "name",
            "namePrefix",
            "numericId",
            "region",
            "scheduling",
            "selfLink",
            "selfLinkUnique",
            "shieldedInstanceConfig",
            "tagsFingerprint",
        }
    )

    def refuse_(self, inputs: Properties, old: Properties) -> list[CheckFailure]:  # noqa: ARG002
        """Refuse disks that do not fit together."""
        disks = inputs.get("disks")
        reasons: list[str] = []
        for index, disk in enumerate(cast("list[Properties]", disks) if isinstance(disks, list) else []):
            kind, type_ = disk.get("type") or "", disk.get("diskType") or ""
            if kind == "SCRATCH" and type_ != "local-ssd":
                reasons.append(f"SCRATCH disks must have a disk_type of local-ssd. disk {index} has disk_type {type_}")
            if type_ == "local-ssd" and kind != "SCRATCH":
                text = "disks with a disk_type of local-ssd must be SCRATCH disks. "
                reasons.append(f"{text}disk {index} is a {kind} disk")
            if index and disk.get("boot") is True:
                text = "Only the first disk specified in instance_template can be the boot disk. "
                reasons.append(f"{text}disk.{index}.boot was true")
        return [CheckFailure(property="", reason=reason) for reason in reasons]

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:
        """Keep the old spelling of an image where the new one leads to the same, which only a look-up can tell."""
        filled, failures = super().check(inputs, old, ctx)
        before, after = parts(old, "disks"), filled.get("disks")
        if not isinstance(after, list) or failures:
            return filled, failures
        disks = parts(filled, "disks")
        changed = [
            index
            for index, (one, other) in enumerate(zip(before, disks, strict=False))
            if one.get("sourceImage") != other.get("sourceImage")
            and all(each.get("sourceImage") not in (None, "", UNKNOWN) for each in (one, other))
        ]
        if changed:
            gcp = connect(ctx, filled)
            for index in changed:
                given = (str(before[index]["sourceImage"]), str(disks[index]["sourceImage"]))
                if len({template_disks.image(gcp, each) for each in given}) == 1:
                    disks[index] = disks[index] | {"sourceImage": given[0]}
        return filled | {"disks": disks}, failures

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Insert the template; it is in the state even when the operation fails."""
        name = str(inputs.get("name") or naming.unique(str(inputs.get("namePrefix") or "")))
        body = self.body_(gcp, inputs) | {"name": name}
        operation = self.started(
            "Error creating instance template: ", lambda: gcp.compute("instanceTemplates.insert", body=body)
        )
        id_ = self.template.format(project=gcp.project, name=name)
        return Made(id=id_, then=lambda: operations.wait(gcp, operation, "Creating Instance Template"))

    def body_(self, gcp: Connection, inputs: Properties) -> dict[str, Any]:
        """Return the body of a new template."""
        disks = cast("list[Properties]", inputs["disks"])
        properties = machines.filled(
            {
                **machines.common(gcp, self.translator(gcp), inputs),
                "description": inputs.get("instanceDescription") or None,
                "disks": [template_disks.body(gcp, index, disk) for index, disk in enumerate(disks)],
                "labels": inputs.get("effectiveLabels") or None,
                "machineType": inputs["machineType"],
            }
        )
        return machines.filled({"description": inputs.get("description") or None, "properties": properties})

    def outputs_(self, gcp: Connection, answer: dict[str, Any], inputs: Properties, state: Properties) -> Properties:
        """Return the outputs."""
        known, body = state | inputs, cast("dict[str, Any]", answer["properties"])
        nics = parts(body, "networkInterfaces")
        region = next((each["subnetwork"].split("/")[-3] for each in nics if each.get("subnetwork")), None)
        return {
            **machine_outputs.common(self.translator(gcp), "InstanceProperties", body, known),
            "creationTimestamp": answer.get("creationTimestamp") or "",
            "description": answer.get("description") or "",
            "disks": template_disks.outputs(parts(body, "disks"), known.get("disks") or []),
            "instanceDescription": body.get("description") or "",
            "machineType": body["machineType"],
            "name": answer["name"],
            "namePrefix": known.get("namePrefix") or "",
            "numericId": str(answer["id"]),
            "region": region or known.get("region") or gcp.world.region,
            "selfLink": answer["selfLink"],
            "selfLinkUnique": f"{answer['selfLink']}?uniqueId={answer['id']}",
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """A template cannot change; only what the state says of its labels can."""

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Delete the template and wait; one that is gone is a failure, as with the real provider."""
        said = "Error deleting instance template: "
        self.run(gcp, "instanceTemplates.delete", said, "Deleting Instance Template", **self.target(id_))
