"""What the real provider refuses while it plans: single values by their place in the inputs, and pairs that exclude.

Texts are those of the real provider's libraries (``providers.terraform``), of
github.com/hashicorp/terraform-plugin-framework-validators, and of
github.com/hashicorp/terraform-provider-aws internal/verify/validate.go at 02f97af85f89. Which value has which rule is
said by each resource, with the file and commit of the schema that it was read from; what was not at hand is marked
"recalled".
"""

from __future__ import annotations

from confkube_sandbox.providers.terraform.schema import Schema

# Properties whose Pulumi name is the plural of the schema's (provider/resources.go of pulumi-aws).
_SCHEMA = Schema({"ebsBlockDevices": "ebs_block_device", "vpcZoneIdentifiers": "vpc_zone_identifier"})

violations = _SCHEMA.violations
conflicts = _SCHEMA.conflicts
exactly_one = _SCHEMA.exactly_one
