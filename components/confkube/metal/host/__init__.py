"""What runs on a host, as root, with nothing but Python's standard library (3.9 or later)."""
