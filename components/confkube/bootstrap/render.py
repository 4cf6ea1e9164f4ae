"""Renders the user data of Kubernetes nodes; pure functions from values to text."""

import json
from collections.abc import Sequence

from confkube.bootstrap.charts import AddOn
from confkube.bootstrap.document import Machine
from confkube.bootstrap.files import BootFile, fill, packed, plain, static, stripped
from confkube.bootstrap.parts import (
    ETC,
    LIBRARY,
    agent_files,
    finish,
    host_files,
    node_files,
    rows,
    scripts,
    units,
    yaml_text,
)
from confkube.bootstrap.values import DEFAULT_ISSUER, ControlPlaneBoot, WorkerBoot


def control_plane(boot: ControlPlaneBoot) -> str:
    """Return the user data of the control plane.

    Raises:
        Refusal: It is larger than the platform takes, or a value cannot be carried.
    """
    software = boot.software
    downloads = [software.kubeadm, software.kubelet, software.kubectl, *([software.helm] if boot.addons else [])]
    secret = boot.profile.secret_address.format(name=boot.secret_name)
    variables = {
        "API_ENDPOINT": boot.api_endpoint,
        "SECRET_ADDRESS": secret,
        "TOKEN_TTL": f"{int(boot.token_ttl.total_seconds())}s",
    }
    git = software.git_packages if any(addon.folders for addon in boot.addons) else ()
    files = [
        *node_files(boot.profile, software, downloads, variables, packages=git),
        plain(f"{ETC}/kubeadm.yaml", _kubeadm_init(boot)),
        plain("/etc/kubernetes/pki/ca.crt", boot.ca_certificate_pem, 0o644),
        packed(
            f"{ETC}/apiserver/admission.yaml",
            fill("admission.yaml", privileged_namespaces=json.dumps(boot.privileged_namespaces)),
        ),
        packed(f"{ETC}/apiserver/audit.yaml", static("static", "audit.yaml")),
        packed(f"{ETC}/rbac.yaml", static("static", "rbac.yaml")),
        packed(f"{LIBRARY}/fetch-secret", stripped(boot.profile.fetch_secret), 0o700),
        *scripts("secrets.sh", "place-secrets.py", "control-plane.sh"),
        *units("kubelet.service", "confkube-secrets.service", "confkube-control-plane.service"),
    ]
    started = ["confkube-install", "confkube-firewall", "kubelet", "confkube-secrets", "confkube-control-plane"]
    if boot.objects:
        files += scripts("place-objects.py")
    if boot.objects or boot.runtime_classes:
        files += scripts("objects.sh")
    if boot.runtime_classes:
        classes = "".join(fill("runtime-class.yaml", name=name) for name in boot.runtime_classes)
        files.append(packed(f"{ETC}/runtime-classes.yaml", classes))
    if boot.addons:
        files += _addon_files(boot.addons)
        started.append("confkube-addons")
    files += boot.extra_files
    started += boot.extra_units
    machine = Machine(
        role="control plane", cluster_id=boot.cluster_id, files=files, units=started, hostname=boot.node_name
    )
    return finish(machine, boot.extra_user_data, boot.profile)


def _addon_files(addons: Sequence[AddOn]) -> list[BootFile]:
    return [
        packed(f"{ETC}/addons/list", rows(addon.row for addon in addons)),
        *(packed(f"{ETC}/addons/{addon.name}.yaml", yaml_text(addon.values)) for addon in addons),
        *(
            packed(f"{ETC}/addons/{addon.name}.git", rows((f.name, f.url, f.commit, f.path) for f in addon.folders))
            for addon in addons
            if addon.folders
        ),
        *scripts("addons.sh", *(["addons-git.sh"] if any(addon.folders for addon in addons) else [])),
        *units("confkube-addons.service"),
    ]


def worker(boot: WorkerBoot) -> str:
    """Return the user data of a worker pool.

    Raises:
        Refusal: It is larger than the platform takes, or a value cannot be carried.
    """
    software = boot.software
    downloads = [software.kubeadm, software.kubelet, *([software.spire_agent] if boot.trust else [])]
    runtime = boot.runtime
    variables, host = host_files(runtime) if runtime else ({}, [])
    variables["API_ENDPOINT"] = boot.api_endpoint
    packages = runtime.packages if runtime else ()
    files = [
        *node_files(boot.profile, software, downloads, variables, packages=packages, runtime=runtime),
        plain(f"{ETC}/kubeadm.yaml", _kubeadm_join(boot)),
        *scripts("join.sh"),
        *units("kubelet.service", "confkube-join.service"),
        *host,
        *boot.extra_files,
    ]
    started = ["confkube-install", "confkube-firewall", *(["confkube-host"] if runtime else []), "kubelet"]
    started += ["confkube-join", *boot.extra_units]
    if boot.trust:
        files += agent_files(boot.trust, boot.profile)
        started.append("spire-agent")
    machine = Machine(role=f"pool {boot.pool}", cluster_id=boot.cluster_id, files=files, units=started)
    return finish(machine, boot.extra_user_data, boot.profile)


def _kubeadm_init(boot: ControlPlaneBoot) -> str:
    return fill(
        "kubeadm-init.yaml",
        cluster_id=json.dumps(boot.cluster_id),
        kubernetes_version=boot.software.kubernetes_version,
        api_endpoint=json.dumps(boot.api_endpoint),
        pod_cidr=json.dumps(boot.pod_cidr),
        service_cidr=json.dumps(boot.service_cidr),
        cert_sans=json.dumps(boot.cert_sans),
        issuers="".join(
            f"  - {{name: service-account-issuer, value: {json.dumps(name)}}}\n"
            for name in ((boot.issuer, DEFAULT_ISSUER) if boot.issuer else ())
        ),
        private_ip=json.dumps(boot.private_ip),
        api_port=boot.api_port,
        node_name=json.dumps(boot.node_name),
    )


def _kubeadm_join(boot: WorkerBoot) -> str:
    taints = [
        f"\n  - {{key: {json.dumps(each.key)}, value: {json.dumps(each.value)}, effect: {json.dumps(each.effect)}}}"
        for each in boot.taints
    ]
    return fill(
        "kubeadm-join.yaml",
        token=json.dumps(boot.token),
        api_endpoint=json.dumps(boot.api_endpoint),
        ca_hash=json.dumps(boot.ca_hash),
        node_labels=json.dumps(boot.label_argument),
        taints="".join(taints) or " []",
    )
