"""A real Kubernetes on this computer: machines as systemd-nspawn containers on a network of their own."""
