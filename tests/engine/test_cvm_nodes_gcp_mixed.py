"""cvm-nodes-gcp-mixed on the real engine."""

from gcp_life import GcpLife


class TestLife(GcpLife):
    name = "cvm-nodes-gcp-mixed"
    big = "n2d-standard-8"
    first_pool = "snp"
