"""cvm-nodes-azure-tdx on the real engine."""

from azure_life import AzureLife


class TestLife(AzureLife):
    name = "cvm-nodes-azure-tdx"
    big = "Standard_DC8es_v6"
