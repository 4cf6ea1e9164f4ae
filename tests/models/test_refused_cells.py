"""Every cell that does not exist is refused with the reason that the table has for it, whatever is allowed."""

import re

import cells
import pulumi
import pytest
import recorder

import confkube as ck


@pytest.mark.parametrize("each", cells.REFUSED, ids=lambda each: f"{each.model}-{each.cloud}-{each.tee}")
def test_is_refused_with_the_reason_of_the_table(each):
    seen = recorder.Recorder()
    args = {"platform": {each.cloud: cells.BLOCKS[each.cloud]}, "tee": each.tee, **cells.placeholders(each.model)}
    with pytest.raises(pulumi.RunError) as refusal:
        recorder.run(lambda: ck.model(each.model)("demo", args).outputs, recorder=seen)
    assert seen.registered == []
    assert each.reason.partition(": ")[2] in str(refusal.value) or each.reason in str(refusal.value)
    assert re.search(r"\(https://\S+, read \d{4}-\d\d-\d\d\)", str(refusal.value))
