"""cvm-nodes-azure-mixed on the real engine."""

from azure_life import AzureLife


class TestLife(AzureLife):
    name = "cvm-nodes-azure-mixed"
    big = "Standard_DC8as_v5"
    first_pool = "snp"
    moved = ({"resource_group": "another"}, "its resource group is its own and cannot become another")
