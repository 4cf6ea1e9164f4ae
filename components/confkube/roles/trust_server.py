"""A trust server of ours: a confidential virtual machine that makes its own keys and waits to be enrolled."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Annotated

import pulumi

from confkube import bootstrap, facts, names
from confkube.attest import resource_policy
from confkube.attest.initdata import Binding
from confkube.attest.pods import of_cluster
from confkube.bootstrap import DEMO_PATH, RelyingParty, TrusteeServerBoot, TrustServerBoot
from confkube.clouds import resolve
from confkube.component import refusing
from confkube.errors import choose
from confkube.parse import parse
from confkube.placement import confidential_type
from confkube.platform import Cvm, MachineSpec, Permission, Platform, Single
from confkube.role_types import TrustRef, TrustServerArgs
from confkube.roles import pki
from confkube.roles.openings import trust_port
from confkube.roles.options import HOST_NUMBER, after, image_of, inside, say_when_kept
from confkube.spec import Allowed, Machine, Model, ReferenceWords, Role, is_trust_domain
from confkube.types import Tee


def _binding(word: str) -> None:
    good = [each.value for each in Binding if each is not Binding.UNBOUND]
    if word not in good:
        raise choose("initdata_binding", word, good)


@dataclass(frozen=True, kw_only=True)
class _Arguments(Role):
    tee: Tee
    trust_domain: Annotated[str, is_trust_domain]
    model: Model = "cvm-nodes"
    container: str | None = None
    reference_values: tuple[ReferenceWords, ...] = ()
    initdata_binding: Annotated[str, _binding] | None = None
    kms: bool = False
    kms_accepts: tuple[str, ...] = ()
    machine: Machine = field(default_factory=Machine)
    allow: Allowed = ()


class TrustServer(pulumi.ComponentResource):
    """SPIRE server (for nodes) or Trustee (for pods) outside the cluster that it vouches for.

    Its offline root is made here and kept, secret, in the state; the machine gets the certificate alone. It makes the
    key that it signs with itself, and serves nobody until a certificate for that key, signed with the root,
    has been handed in.

    ``machines_after`` is what its machines wait for; ``depends_on`` would hold back keys and identities too.
    """

    endpoint: pulumi.Output[str]
    """``address:port`` of the server."""
    root_certificate: pulumi.Output[str]
    """PEM certificate of the offline root, the only thing that agents pin."""
    root_key: pulumi.Output[str]
    """PEM private key of the offline root, a secret: it signs the server's own certificate at enrolment."""
    machine_id: pulumi.Output[str]
    """Identifier of the machine."""
    tunnel: pulumi.Output[str]
    """Command that forwards a port of this computer to the one where the machine waits for enrolment."""

    @refusing
    def __init__(
        self,
        name: str,
        args: TrustServerArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        machines_after: Sequence[pulumi.Resource] = (),
    ) -> None:
        spec = parse(_Arguments, args)
        platform = resolve(spec.platform)
        isolation = Cvm(tee=spec.tee)
        machine_type = confidential_type(platform, spec.tee, spec.machine.machine_type, spec.allow)
        super().__init__("confkube:index:TrustServer", name, {}, opts)
        cluster, tier = args["cluster"], args["tier"]
        root = pki.authority(f"{name}-root", f"confkube root of {spec.trust_domain}", inside(self))
        address = names.host(IPv4Network(tier["cidr"]), HOST_NUMBER)
        plan = Plan(
            model=spec.model,
            address=str(address),
            trust_domain=spec.trust_domain,
            container=spec.container,
            reference_values=spec.reference_values,
            initdata_binding=spec.initdata_binding,
            kms=spec.kms,
            kms_accepts=spec.kms_accepts,
        )
        text = pulumi.Output.all(cluster["cluster_id"], root.certificate).apply(
            refusing(lambda known: boot_text(platform, plan, *known))
        )
        machines = platform.machines(
            name,
            MachineSpec(
                isolation=isolation,
                scale=Single(private_ip=address, tunnel_port=bootstrap.ENROLMENT_PORT),
                image=image_of(platform, args.get("image"), isolation, name, inside(self)),
                machine_type=machine_type,
                disk_gib=spec.machine.disk_gib,
                subnet_id=tier["subnet_id"],
                firewall_id=tier["firewall_id"],
                user_data=text,
                labels=cluster["labels"],
                permissions=frozenset({Permission.INSPECT_MACHINES, Permission.TUNNEL}),
                after=(*machines_after, *after(opts)),
            ),
            inside(self),
        )
        say_when_kept(machines, text)
        self.endpoint = pulumi.Output.from_input(f"{address}:{trust_port(spec.model)}")
        self.root_certificate = root.certificate
        self.root_key = pulumi.Output.secret(root.private_key)
        self.machine_id = machines.group_id
        self.tunnel = machines.tunnel or pulumi.Output.from_input("")
        self._trust_domain = spec.trust_domain
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "root_certificate": self.root_certificate,
                "root_key": self.root_key,
                "machine_id": self.machine_id,
                "tunnel": self.tunnel,
            }
        )

    @property
    def ref(self) -> TrustRef:
        """What those who attest take as ``trust``."""
        return {
            "endpoint": self.endpoint,
            "trust_domain": self._trust_domain,
            "root_certificate": self.root_certificate,
        }


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a trust server's boot text is made of."""

    model: str
    address: str
    trust_domain: str
    container: str | None = None
    """Trustee's."""
    reference_values: tuple[ReferenceWords, ...] = ()
    initdata_binding: str | None = None
    kms: bool = False
    kms_accepts: tuple[str, ...] = ()


def boot_text(platform: Platform, plan: Plan, cluster_id: str, root_certificate: str) -> str:
    """Render the user data of a trust server; pure, so that its size is known before anything exists.

    Raises:
        Refusal: Something that the kind of server needs is missing, or the text is larger than the platform takes.
    """
    if facts.models()[plan.model].trust == "trustee":
        return bootstrap.trustee_server(_trustee(platform, plan, cluster_id, root_certificate))
    return bootstrap.trust_server(
        TrustServerBoot(
            cluster_id=cluster_id,
            trust_domain=plan.trust_domain,
            root_pem=root_certificate,
            profile=platform.boot,
            relying_party=_relying_party(plan, spiffe_ids=(f"spiffe://{plan.trust_domain}{DEMO_PATH}",)),
        )
    )


def _trustee(platform: Platform, plan: Plan, cluster_id: str, root_certificate: str) -> TrusteeServerBoot:
    """A Trustee; where initdata is bound, only pods that started with the cluster's own get anything from it."""
    endpoint = f"{plan.address}:{trust_port(plan.model)}"
    binding = Binding(plan.initdata_binding) if plan.initdata_binding else None
    claims = (of_cluster(endpoint, root_certificate).claim(binding),) if binding else ()
    return TrusteeServerBoot(
        cluster_id=cluster_id,
        trust_domain=plan.trust_domain,
        root_pem=root_certificate,
        profile=platform.boot,
        image=plan.container or "",
        names=(plan.address,),
        resource_policy=resource_policy.bound(claims) if claims else resource_policy.affirming(),
        reference_values=tuple(each.value() for each in plan.reference_values),
        relying_party=_relying_party(plan, init_data=claims),
    )


def _relying_party(
    plan: Plan, *, spiffe_ids: tuple[str, ...] = (), init_data: tuple[str, ...] = ()
) -> RelyingParty | None:
    if not plan.kms:
        return None
    return RelyingParty(names=(plan.address,), spiffe_ids=spiffe_ids, init_data=init_data, allow=plan.kms_accepts)
