"""cvm-nodes-azure-snp on the real engine."""

from typing import ClassVar

from azure_life import AzureLife

REPLACED = {"create-replacement", "replace", "delete-replaced"}


class TestLife(AzureLife):
    name = "cvm-nodes-azure-snp"
    big = "Standard_DC8as_v5"
    other_images: ClassVar[dict[str, set[str]]] = {
        "Canonical:ubuntu-24_04-lts:cvm:24.04.202609990": {"update"},
        "Canonical:ubuntu-26_04-lts:cvm:26.04.202609990": REPLACED,
    }
