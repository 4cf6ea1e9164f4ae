"""What the real provider refuses while it plans: single values by their place in the inputs, and combinations.

Texts are those of the real provider's library (``providers.terraform``) and of
github.com/hashicorp/terraform-provider-google-beta verify/validation.go at 93c65b2d60fe. Which value has which rule is
said by each resource, with the file of the schema that it was read from at that commit.
"""

from __future__ import annotations

from confkube_sandbox.providers.terraform.schema import Schema

# Pulumi's plurals of the schema's names (lists that may have more than one element).
_SCHEMA = Schema(
    {
        "accessConfigs": "access_config",
        "aliasIpRanges": "alias_ip_range",
        "allows": "allow",
        "denies": "deny",
        "disks": "disk",
        "ipv6AccessConfigs": "ipv6_access_config",
        "nodeAffinities": "node_affinities",
        "namedPorts": "named_port",
        "networkInterfaces": "network_interface",
        "secondaryIpRanges": "secondary_ip_range",
        "statefulDisks": "stateful_disk",
        "statefulExternalIps": "stateful_external_ip",
        "statefulInternalIps": "stateful_internal_ip",
        "versions": "version",
    }
)

violations = _SCHEMA.violations
given = _SCHEMA.given
conflicts = _SCHEMA.conflicts
exactly_one = _SCHEMA.exactly_one
at_least_one = _SCHEMA.at_least_one
required_with = _SCHEMA.required_with
