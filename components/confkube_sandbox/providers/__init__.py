"""Pulumi resource providers of the sandbox: one small stateless process per package and operation."""
