"""Builds pinned programs from source, once, into a cache that every part of confkube shares."""
