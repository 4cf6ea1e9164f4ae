"""The short life of a stack on the real engine, the same for every cell."""

import json


def live(stack, world="sandbox"):
    """Bring it up, look, bring it up again, and take it down."""
    before = stack.inventory()
    made = stack.up()
    assert set(made.changed) == {"create"}
    assert made.outputs.get("world") == world
    assert json.loads(made.outputs["kubeconfig"])["kind"] == "Config"
    assert set(stack.inventory()) > set(before)
    assert "PRIVATE KEY" not in json.dumps(stack.state())
    assert stack.up("--refresh").changed == {}
    stack.destroy()
    assert stack.inventory() == before
    assert not stack.state().get("resources")
