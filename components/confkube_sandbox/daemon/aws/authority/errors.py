"""What the authoriser cannot judge. Whoever meets it denies the request."""


class Unjudged(Exception):  # noqa: N818  not a fault: the answer is "denied"
    """A policy or a request uses something that is not simulated, so that "allowed" would be a guess."""
