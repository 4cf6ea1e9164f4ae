"""Makes, starts and stops children; runs on their host, where this folder is copied, with nothing but Python there."""
