"""Stacks on bare metal as they are committed: their hosts are of nobody, so the engine previews them.

What a host is told, and that it is given back, is lived with real hosts in ``test_metal_hosts.py``.
"""

import cells
import pytest


@pytest.mark.parametrize("name", cells.lives("metal"))
def test_a_preview_reaches_no_host_and_shows_what_would_be_made(name, stack_in, committed_config):
    stack = stack_in(name, committed_config(name))
    planned = stack.preview()
    assert set(planned.changed) == {"create"}
    assert any(f"{name}-control-plane" in made for made in planned.changed["create"])
    assert stack.inventory() == []
