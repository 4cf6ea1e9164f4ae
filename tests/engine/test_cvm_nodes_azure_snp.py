"""cvm-nodes-azure-snp on the real engine."""

from azure_life import AzureLife


class TestLife(AzureLife):
    name = "cvm-nodes-azure-snp"
    big = "Standard_DC8as_v5"
