"""A stack: one deployment model, brought up as the stack's configuration says."""

import pulumi

import confkube as ck

config = pulumi.Config()
try:
    model = ck.model(config.require("model"))
    args = config.require_object("args")
    ck.require_same_world(args)
    cluster = model(pulumi.get_stack(), args)
except ck.Refusal as refusal:
    raise pulumi.RunError(str(refusal)) from None
for name, value in cluster.outputs.items():
    pulumi.export(name, value)
