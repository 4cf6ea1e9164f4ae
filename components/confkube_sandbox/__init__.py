"""A simulation of the clouds for the real Pulumi engine: no account, no network, nothing confidential."""
