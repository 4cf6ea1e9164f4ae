"""The payments platform: its network, and a confidential cluster in it."""

import pulumi
from cluster import confidential_cluster
from network import Estate

estate = Estate("payments", "10.40.0.0/16", zone="us-east-2b")
cluster, batch = confidential_cluster("payments", estate)
pulumi.export("kubeconfig", cluster.kubeconfig)
pulumi.export("attestation", cluster.attestation)
pulumi.export("batch", batch.group_id)
