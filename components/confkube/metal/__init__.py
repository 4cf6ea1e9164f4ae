"""Hosts that the user gives: checked, prepared and given back over SSH (``confkube metal``)."""
