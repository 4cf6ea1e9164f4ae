"""The simulated cloud: one process that answers the official cloud SDKs on loopback."""
