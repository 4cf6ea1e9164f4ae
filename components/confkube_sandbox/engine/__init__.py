"""Finds the Pulumi engine, or gets it: by the official install, or built from its pinned Go modules."""
