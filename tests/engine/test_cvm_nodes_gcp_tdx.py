"""cvm-nodes-gcp-tdx on the real engine."""

from gcp_life import GcpLife


class TestLife(GcpLife):
    name = "cvm-nodes-gcp-tdx"
    big = "c3-standard-8"
