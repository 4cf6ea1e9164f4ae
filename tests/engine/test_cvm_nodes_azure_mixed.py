"""cvm-nodes-azure-mixed on the real engine."""

from typing import ClassVar

from azure_life import AzureLife

REPLACED = {"create-replacement", "replace", "delete-replaced"}


class TestLife(AzureLife):
    name = "cvm-nodes-azure-mixed"
    big = "Standard_DC8as_v5"
    first_pool = "snp"
    other_images: ClassVar[dict[str, set[str]]] = {
        "Canonical:ubuntu-24_04-lts:cvm:24.04.202609990": {"update"},
        "Canonical:ubuntu-26_04-lts:cvm:26.04.202609990": REPLACED,
    }
    moved = ({"resource_group": "another"}, "its resource group is its own and cannot become another")
