"""A demonstration of a relying party; runs on a trust server, where this folder is copied, with Python and openssl."""
