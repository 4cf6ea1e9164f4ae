"""Names, labels and address arithmetic hold for every input, not only for the ones that stacks use."""

import re
from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkube import facts, names
from confkube.errors import Refusal
from confkube.names import CONTROL_PLANE, HOSTS, PODS, TRUST, WORKERS
from confkube.platform import TUNNEL
from confkube.roles.openings import openings_of, tiers_of


@st.composite
def ranges(draw):
    prefix = draw(st.integers(8, 20))
    address = draw(st.integers(0, 2**32 - 1))
    return IPv4Network((address, prefix), strict=False)


@given(ranges())
def test_tiers_are_inside_and_apart(cidr):
    tiers = names.split_tiers(cidr)
    assert tiers.pop(HOSTS) == tiers[WORKERS]  # no cluster has both
    assert len(tiers) == 4
    assert all(tier.subnet_of(cidr) for tier in tiers.values())
    assert not any(one.overlaps(other) for one, other in combinations(tiers.values(), 2))
    # The clouds' own parts stand at the very end.
    assert all(cidr.broadcast_address not in tier for tier in tiers.values())
    assert tiers[WORKERS].num_addresses * 2 == cidr.num_addresses
    assert tiers[PODS].num_addresses * 8 == cidr.num_addresses


@given(ranges(), st.booleans(), st.booleans(), st.sampled_from(sorted(facts.models())))
def test_a_tier_keeps_its_place_whatever_else_exists(cidr, public, own, model):
    tiers = tiers_of(cidr, public=public, own_trust_server=own, model=model)
    reference = names.split_tiers(cidr)
    assert {name: tier.cidr for name, tier in tiers.items()} == {name: reference[name] for name in tiers}
    assert {name for name, tier in tiers.items() if tier.public} == ({CONTROL_PLANE} if public else set())


@given(st.lists(ranges(), max_size=5, unique=True), st.sampled_from(sorted(facts.models())))
def test_openings_have_distinct_names_and_only_the_api_is_open_to_ranges(admins, model):
    openings = openings_of(tuple(admins), own_trust_server=True, model=model)
    tiers = tiers_of(IPv4Network("10.20.0.0/16"), public=False, own_trust_server=True, model=model)
    assert {each.tier for each in openings} <= set(tiers)
    assert len({(each.tier, each.name) for each in openings}) == len(openings)
    from_ranges = [each for each in openings if isinstance(each.source, IPv4Network)]
    assert [(each.tier, each.port) for each in from_ranges] == [(CONTROL_PLANE, 6443)] * len(admins)
    (attested,) = {each.source for each in openings if each.tier == TRUST} - {TUNNEL}
    assert attested == {"nested-nodes": HOSTS, "coco-peer-pods": PODS}.get(model, WORKERS)


@given(st.text())
def test_labels_have_the_lowest_common_form(text):
    assert re.fullmatch(r"[a-z0-9_-]{0,63}", names.label_value(text))


@given(st.from_regex(r"[a-z]([a-z0-9-]{0,90}[a-z0-9])?", fullmatch=True), st.integers(20, 80))
def test_a_fitted_name_is_itself_or_shorter_and_still_its_own(name, longest):
    found = names.fitted(name, longest)
    assert len(found) <= longest
    assert found == name or (len(name) > longest and found.endswith(names.digest(name, 8)))
    assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", found)


@given(st.integers(8, 20), st.integers(24, 29))
def test_the_last_part_of_a_network_belongs_to_no_tier(size, prefixlen):
    cidr = IPv4Network((int(IPv4Network("10.0.0.0/8").network_address), size))
    last = names.last_part(cidr, prefixlen)
    assert last.subnet_of(cidr)
    assert last.broadcast_address == cidr.broadcast_address
    tiers = tiers_of(cidr, public=False, own_trust_server=True).values()
    assert not [tier for tier in tiers if tier.cidr.overlaps(last)]


@given(st.text(max_size=40), st.integers(1, 40))
def test_a_name_is_checked_or_refused_in_one_line(name, longest):
    try:
        assert names.checked_name(name, longest) == name
        assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name)
        assert len(name) <= longest
    except Refusal as refusal:
        assert "\n" not in str(refusal)


KEYS = st.text("abcdefghij0123456789", min_size=1, max_size=32)


@given(KEYS, KEYS, st.text(), st.text())
def test_the_stamp_needs_the_key(key, other_key, cluster, other_cluster):
    stamp = names.proof_stamp(key, cluster)
    assert re.fullmatch(r"[0-9a-f]{32}", stamp)
    assert (names.proof_stamp(other_key, other_cluster) == stamp) == ((key, cluster) == (other_key, other_cluster))


def test_overlaps_name_both_sides():
    with pytest.raises(Refusal, match=r"a 10\.0\.0\.0/8 overlaps b 10\.1\.0\.0/16"):
        names.refuse_overlaps({"a": IPv4Network("10.0.0.0/8"), "b": IPv4Network("10.1.0.0/16")})
