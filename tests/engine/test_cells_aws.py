"""Every stack file of AWS without a long life of its own goes up, stays as it is, and leaves nothing."""

import cells
import pytest
from short_life import live


@pytest.mark.parametrize("name", cells.lives("aws"))
def test_goes_up_stays_as_it_is_and_leaves_nothing(name, stack_in, committed_config):
    live(stack_in(name, committed_config(name)))
