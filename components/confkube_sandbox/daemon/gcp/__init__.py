"""The simulated Google Cloud: Compute Engine, service accounts, Secret Manager and Resource Manager."""
