"""The boot text of a small cluster on bare metal, as the platform hands it over."""

import json

from boot import samples
from cryptography.hazmat.primitives import serialization
from lab.metal_world import ADDRESSES

from confkube import bootstrap
from confkube.bootstrap import ControlPlaneBoot, WorkerBoot
from confkube.clouds.metal import MetalPlatform
from confkube.roles import pki
from confkube.roles.addons import addons_of
from confkube.roles.control_plane import secret_name
from confkube.spec import Addresses

CLUSTER = "metal-0a1b2c3d"
NODE = "metal-control-plane"
_PLAN = Addresses()


class Cluster:
    """Its keys, and what is told to its hosts."""

    def __init__(self, world):
        self.block = world.block(host_b={"tee": "snp"})
        platform = MetalPlatform(self.block, "metal")
        key, accounts = samples.elliptic(), samples.elliptic()
        certificate, private = samples.authority(key)
        self.secret = json.dumps(
            {
                "ca.crt": certificate,
                "ca.key": private,
                "sa.key": samples.authority(accounts)[1],
                "sa.pub": public(accounts),
                "token": samples.TOKEN,
            }
        )
        self.control_plane = bootstrap.control_plane(
            ControlPlaneBoot(
                cluster_id=CLUSTER,
                node_name=NODE,
                private_ip=ADDRESSES["host-a"],
                pod_cidr=str(_PLAN.pods),
                service_cidr=str(_PLAN.services),
                ca_certificate_pem=certificate,
                secret_name=secret_name(CLUSTER),
                # The network of the lab: Cilium is not at hand here.
                addons=addons_of("cvm-nodes", "lab", _PLAN.pods),
                software=world.software,
                profile=platform.boot,
            )
        )
        self.worker = bootstrap.worker(
            WorkerBoot(
                cluster_id=CLUSTER,
                pool="workers",
                api_endpoint=f"{ADDRESSES['host-a']}:6443",
                ca_hash=pki.public_key_hash(public(key)),
                token=samples.TOKEN,
                software=world.software,
                profile=platform.boot,
            )
        )

    def told(self, role):
        """What a machine's command reads, and which hosts are in its environment."""
        first, second = self.block["hosts"]
        if role == "control-plane":
            secret = {"name": secret_name(CLUSTER), "value": self.secret}
            spec = {"name": NODE, "cluster": CLUSTER, "user_data": self.control_plane, "secret": secret}
            return {"given": spec, "hosts": self._reach(first, "host-a")}
        spec = {"name": "metal-workers", "cluster": CLUSTER, "user_data": self.worker, "secret": None}
        return {"given": spec, "hosts": self._reach(second)}

    def network(self):
        return {
            "given": {"name": "metal-network", "cluster": CLUSTER},
            "hosts": {**self.block, "control_plane": "host-a"},
        }

    def _reach(self, host, control_plane=None):
        return {"hosts": [host], "control_plane": control_plane, "ssh_config": self.block["ssh_config"]}


def public(key):
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form).decode()
