"""Peer pods: what cloud-api-adaptor, inside the cluster, needs to start the VM of each pod beside the workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

import pulumi

from confkube.clouds import resolve
from confkube.component import refusing
from confkube.errors import Refusal
from confkube.parse import parse
from confkube.placement import confidential_type
from confkube.platform import Image, PeerPodSpec, Platform, PodVms
from confkube.role_types import PeerPodsArgs
from confkube.roles.chart_values import peerpods_on
from confkube.spec import Allowed, between, holds
from confkube.types import Tee

NAMESPACE = "confidential-containers-system"
SERVICE_ACCOUNTS = ("cloud-api-adaptor", "peerpodctrl-controller-manager")
SECRET = "peer-pods-secret"  # noqa: S105 - its name
"""Names that the chart and the controller that cleans up share; the controller looks for no other secret.
Source: https://github.com/confidential-containers/cloud-api-adaptor/tree/fbdde756/src/peerpod-ctrl, 2026-11-23."""

CHART = "peerpods"


@dataclass(frozen=True, kw_only=True)
class _PodVms:
    image: dict[str, Any]
    tee: Tee
    machine_types: Annotated[tuple[str, ...], holds(0, 20)] = ()


@dataclass(frozen=True, kw_only=True)
class _Arguments:
    platform: dict[str, Any]
    cluster: dict[str, Any]
    tier: dict[str, Any]
    network_id: Any
    token_key: Any
    pods: Annotated[tuple[_PodVms, ...], holds(1, 2)]
    disk_gib: Annotated[int, between(10, 16384)] = 30
    initdata: Any = None
    pods_per_worker: Annotated[int, between(1, 250)] = 10
    allow: Allowed = ()


class PeerPods(pulumi.ComponentResource):
    """Identity of cloud-api-adaptor with the fewest rights, and its settings on the platform."""

    chart_values: pulumi.Output[str]
    """JSON: name of a chart -> values; what a control plane takes as ``chart_values``."""
    objects: pulumi.Output[str]
    """JSON list of the namespace and the secret that the adaptor reads, a secret; a control plane's ``objects``."""
    issuer: pulumi.Output[str]
    """Name under which the API server must issue tokens; empty where any name does."""

    @refusing
    def __init__(self, name: str, args: PeerPodsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse(_Arguments, args)
        platform = resolve(spec.platform)
        types = pod_types(platform, {vms.tee: vms.machine_types for vms in spec.pods}, spec.allow)
        super().__init__("confkube:index:PeerPods", name, {}, opts)
        cluster, tier = args["cluster"], args["tier"]
        access = platform.peer_pods(
            name,
            PeerPodSpec(
                cluster_id=cluster["cluster_id"],
                labels=cluster["labels"],
                pod_vms=tuple(
                    PodVms(
                        tee=checked.tee,
                        image=Image(image_id=given["image"]["image_id"], root_device=given["image"]["root_device"]),
                        machine_types=types[checked.tee],
                    )
                    for given, checked in zip(args["pods"], spec.pods, strict=True)
                ),
                disk_gib=spec.disk_gib,
                network_id=args["network_id"],
                subnet_id=tier["subnet_id"],
                firewall_id=tier["firewall_id"],
                token_key=args["token_key"],
                namespace=NAMESPACE,
                service_accounts=SERVICE_ACCOUNTS,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        settings = {"PEERPODS_LIMIT_PER_NODE": str(spec.pods_per_worker), **access.settings}
        if "initdata" in args:
            settings["INITDATA"] = args["initdata"]
        self.chart_values = pulumi.Output.json_dumps(
            {
                CHART: peerpods_on(access.provider, cast("dict[str, str]", settings), access.chart_values),
                **access.values_of_charts,
            }
        )
        self.objects = pulumi.Output.secret(pulumi.Output.json_dumps(objects(access.credentials)))
        self.issuer = access.issuer or pulumi.Output.from_input("")
        self._access = access
        self.register_outputs({"chart_values": self.chart_values, "objects": self.objects, "issuer": self.issuer})

    @property
    def charts(self) -> tuple[str, ...]:
        """Charts that a control plane installs before the adaptor's."""
        return self._access.charts

    @property
    def ready(self) -> tuple[pulumi.Resource, ...]:
        """What must exist as long as the adaptor can start machines."""
        return self._access.ready


def pod_types(
    platform: Platform, asked: Mapping[Tee, tuple[str, ...]], allow: tuple[str, ...]
) -> dict[Tee, tuple[str, ...]]:
    """The machine types of pod VMs by TEE, each with the default first.

    Raises:
        Refusal: The platform has no pod VM with the TEE, a type has not the TEE, or TEEs cannot be mixed here.
    """
    if len(asked) > 1 and not platform.limits.mixed_pod_vms:
        given = ", ".join(tee.value for tee in asked)
        raise Refusal(
            f"args.pods: {given} are given, but one cloud-api-adaptor knows a single TEE on {platform.cloud}; "
            "keep one entry, or make a cluster for each"
        )
    found: dict[Tee, tuple[str, ...]] = {}
    for tee, types in asked.items():
        try:
            found[tee] = tuple(
                dict.fromkeys(confidential_type(platform, tee, asked, allow, "peer-pod") for asked in types or (None,))
            )
        except Refusal as refusal:
            raise Refusal(f"args.pods: {refusal}") from None
    return found


def objects(credentials: Mapping[str, pulumi.Input[str]]) -> list[dict[str, object]]:
    """The namespace and the secret, marked as the chart's own so that Helm takes them over."""
    own = {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": CHART, "meta.helm.sh/release-namespace": NAMESPACE},
    }
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, **own}},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET, "namespace": NAMESPACE, **own},
            "type": "Opaque",
            "stringData": dict(credentials),
        },
    ]
