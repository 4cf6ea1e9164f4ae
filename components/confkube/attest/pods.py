"""The initdata that a cluster's pods start with: which Trustee they attest to, and what their agent allows."""

from confkube.attest import kata_policy
from confkube.attest.guest import AgentConfig, AgentKbs, HubConfig, Kbc, TokenConfigs
from confkube.attest.initdata import AGENT, HUB, POLICY, Binding, Initdata
from confkube.facts import Cell


def of_cluster(endpoint: str, root_certificate: str, *, logs: bool = False) -> Initdata:
    """Write the initdata for the pods of a cluster.

    Args:
        endpoint: ``host:port`` of the Trustee.
        root_certificate: PEM of the only root that pods believe it by.
        logs: Whether the host may read what containers print.

    Raises:
        Refusal: A value cannot be carried.
    """
    url = f"https://{endpoint}"
    agent = AgentConfig(token_configs=TokenConfigs(kbs=AgentKbs(url=url, cert=root_certificate)))
    hub = HubConfig(kbc=Kbc(url=url, kbs_cert=root_certificate))
    return Initdata.make({AGENT: agent.render(), HUB: hub.render(), POLICY: kata_policy.hardened(logs=logs)})


def is_bound(cell: Cell) -> bool:
    """Whether evidence of the pods of a cell shows which initdata they started with."""
    return cell.initdata in {each.value for each in Binding if each is not Binding.UNBOUND}
