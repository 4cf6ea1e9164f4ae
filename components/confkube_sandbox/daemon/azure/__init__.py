"""The simulated Azure: Azure Resource Manager and the providers that confkube uses."""
