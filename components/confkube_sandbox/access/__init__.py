"""The official cloud SDKs, pointed at the simulated clouds of one sandbox."""
