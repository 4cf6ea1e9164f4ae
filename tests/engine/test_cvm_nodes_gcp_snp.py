"""cvm-nodes-gcp-snp on the real engine."""

from gcp_life import GcpLife


class TestLife(GcpLife):
    name = "cvm-nodes-gcp-snp"
    big = "n2d-standard-8"
