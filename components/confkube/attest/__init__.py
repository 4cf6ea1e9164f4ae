"""Attestation: SPIRE configuration, and what each kind of evidence does and does not prove."""
