"""The in-memory reference platform against the contract."""

import recorder
from contract.suite import Contract


class TestMemory(Contract):
    block = {"memory": {}}

    def machines(self, recorded):
        return [
            each for each in recorded.registered if each.typ in ("confkube:memory:Machine", "confkube:memory:Group")
        ]

    def user_data(self, recorded):
        return {each.name: recorder.plain(each.inputs["user_data"]) for each in self.machines(recorded)}

    def inbound(self, recorded):
        return [
            (opening["tier"], opening["source"])
            for each in recorded.of_type("confkube:memory:Firewall")
            for opening in each.inputs["openings"]
        ]

    def labelled(self, recorded):
        return [each.inputs["labels"] for each in recorded.registered if "labels" in each.inputs]

    def confidential(self, recorded):
        return {each.name: each.inputs["isolation"] == "cvm" for each in self.machines(recorded)}

    def encrypted(self, recorded):
        return [True for _ in self.machines(recorded)]
