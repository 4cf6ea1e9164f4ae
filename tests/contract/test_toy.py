"""A platform that is new to confkube keeps the contract with a page of code and one entry in the registry."""

import inspect
from types import MappingProxyType

import pytest
import recorder
from contract import toy
from contract.suite import Contract

from confkube import clouds


class TestToy(Contract):
    block = {"toy": {}}

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def registered(cls):
        entry = clouds.Entry(target="contract.toy:ToyPlatform")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clouds, "PLATFORMS", MappingProxyType({**clouds.PLATFORMS, "toy": entry}))
            yield

    @pytest.fixture(scope="class")
    @classmethod
    def default(cls, registered):
        return cls().up()

    def user_data(self, recorded):
        return {each.name: recorder.plain(each.inputs["user_data"]) for each in recorded.of_type("toy:index:Machine")}

    def inbound(self, recorded):
        return [tuple(one) for each in recorded.of_type("toy:index:Network") for one in each.inputs["openings"]]

    def labelled(self, recorded):
        return [each.inputs["labels"] for each in recorded.registered if "labels" in each.inputs]

    def confidential(self, recorded):
        return {each.name: each.inputs["confidential"] for each in recorded.of_type("toy:index:Machine")}

    def encrypted(self, recorded):
        return [True]

    def test_it_is_a_page(self):
        assert len(inspect.getsource(toy.ToyPlatform).splitlines()) < 60
