"""The platform block of bare metal."""

from confkube.metal.hosts import Host, Hosts

PLACE = "given-hosts"
"""Region and zone at once."""

__all__ = ["PLACE", "Host", "Hosts"]
