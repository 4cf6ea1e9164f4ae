"""Where TEE meets bare metal: a host has its TEE from its own firmware and kernel, and starts confidential children."""

from confkube.clouds.metal.settings import Host, Hosts
from confkube.errors import Refusal
from confkube.platform import Cvm, Isolation, Nested


def refuse_cvm(name: str, isolation: Isolation) -> None:
    """Refuse a confidential virtual machine of its own: what could check its evidence is not here.

    A trust server on a host without a TEE would have its key in the hands of whoever runs that host, which is what a
    trust server is there to rule out.

    Raises:
        Refusal: It is one.
    """
    if isinstance(isolation, Cvm):
        raise Refusal(
            f"{name}: on bare metal confkube makes no confidential VM of its own, so no trust server either; name one "
            "that is running elsewhere: args.trust.external"
        )


def refuse_absent(name: str, isolation: Nested, block: Hosts) -> None:
    """Refuse children in a TEE that no host has; asked before anything is made.

    Raises:
        Refusal: No host has it.
    """
    if not block.having(isolation.tee):
        what = f"tee: {isolation.tee.value}" if isolation.tee else "no tee"
        given = ", ".join(f"{host.name} ({host.tee_name})" for host in block.others) or "none"
        raise Refusal(f"{name}: no host beside that of the control plane has {what}; the others are {given}")


def hosts_for(name: str, isolation: Isolation, block: Hosts) -> tuple[Host, ...]:
    """The hosts that can be machines of a pool, in the order of the block; ``name`` ends in the pool's own.

    Raises:
        Refusal: There is none.
    """
    refuse_cvm(name, isolation)
    asked = isolation if isinstance(isolation, Nested) else Nested(tee=None)
    refuse_absent(name, asked, block)
    able = block.having(asked.tee)
    found = tuple(host for host in able if host.pool is None or f"-{name}".endswith(f"-{host.pool}"))
    if not found:
        pools = ", ".join(f"{host.name} ({host.pool})" for host in able)
        raise Refusal(f"{name}: every host that could be in it is for another pool: {pools}")
    return found
