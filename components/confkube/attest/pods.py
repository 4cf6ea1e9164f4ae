"""The initdata that a cluster's pods start with: which Trustee they attest to, and what their agent allows."""

from confkube.attest import kata_policy
from confkube.attest.guest import AgentConfig, AgentKbs, HubConfig, Kbc, TokenConfigs
from confkube.attest.initdata import AGENT, HUB, POLICY, Initdata


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
