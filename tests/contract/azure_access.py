"""The access of cloud-api-adaptor on Azure under mocks, and who may do what by its roles."""

import pulumi
import recorder

from confkube.clouds import resolve
from confkube.platform import Cvm, Disk, Existing, Image, ImageSpec, PeerPodSpec, PodVms
from confkube.types import Tee

SUBSCRIPTION, TENANT = recorder.Recorder().subscription
CLUSTER = "demo-0a1b2c3d"
LABELS = {"confkube-cluster": CLUSTER, **{f"confkube-{name}": f"a-{name}" for name in ("stack", "owner", "expires")}}
LABELS["confkube-proof"] = "0f" * 16
DISK = "https://account.blob.core.windows.net/images/pod.vhd"
HOME = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{CLUSTER}/providers/Microsoft.Network"
SUBNET, FIREWALL = f"{HOME}/virtualNetworks/v/subnets/pods", f"{HOME}/networkSecurityGroups/pods"
OWN = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/mine/providers/Microsoft.Compute/galleries/g/images/pod"
    "/versions/1.2.3"
)
COMMUNITY = "/CommunityGalleries/somebody-1/Images/pod/Versions/1.2.3"


def block(**changes):
    return {"azure": {"subscription": SUBSCRIPTION, "tenant": TENANT, "location": "westus", **changes}}


def made(address, *, tee=Tee.SNP, name="demo-pod-image", **changes):
    """An image of a disk."""
    spec = ImageSpec(content=Disk(address=address), isolation=Cvm(tee=tee), labels=LABELS)

    def program():
        return {"image": resolve(block(**changes)).image(name, spec, pulumi.ResourceOptions()).image_id}

    return recorder.run(program)


def existing(image_id, isolation=None):
    spec = ImageSpec(content=Existing(image_id=image_id), isolation=isolation or Cvm(tee=Tee.SNP))
    return resolve(block()).image("demo-pod-image", spec, pulumi.ResourceOptions())


def access(*images, token_key=recorder.RSA_KEY, **changes):
    """The access, with an image for each TEE."""
    pods = [
        PodVms(tee=tee, image=Image(image_id=image, root_device="unknown"), machine_types=types)
        for tee, image, types in zip(
            (Tee.SNP, Tee.TDX),
            images or (OWN,),
            (("Standard_DC2as_v5", "Standard_DC4as_v5"), ("Standard_DC2es_v6",)),
            strict=False,
        )
    ]
    spec = PeerPodSpec(
        cluster_id=CLUSTER,
        labels=LABELS,
        pod_vms=tuple(pods),
        disk_gib=20,
        network_id=f"{HOME}/virtualNetworks/v",
        subnet_id=SUBNET,
        firewall_id=FIREWALL,
        token_key=token_key,
        namespace="confidential-containers-system",
        service_accounts=("cloud-api-adaptor", "peerpodctrl-controller-manager"),
    )

    def program():
        found = resolve(block(**changes)).peer_pods("demo-access", spec, pulumi.ResourceOptions())
        return {
            "settings": found.settings,
            "credentials": found.credentials,
            "values": found.chart_values,
            "charts": found.charts,
            "of_charts": found.values_of_charts,
            "issuer": found.issuer,
        }

    return recorder.run(program)


def grants(recorded):
    """(action, place) of everything that the access may do; Reader is named as such."""
    roles = {
        each.name: each.inputs["permissions"][0]["actions"]
        for each in recorded.of_type("azure-native:authorization:RoleDefinition")
    }
    found = set()
    for each in recorded.of_type("azure-native:authorization:RoleAssignment"):
        role = each.inputs["roleDefinitionId"].rpartition("/")[2]
        found |= {(action, each.inputs["scope"]) for action in roles.get(role, ["Reader"])}
    return found


def allowed(recorded, action, place):
    """Whether the access may do something to a resource."""
    return any(
        action == granted and (place == scope or place.startswith(f"{scope}/")) for granted, scope in grants(recorded)
    )
