"""What the real engine tells of an operation, for tests of all providers."""

_QUIET = {"same", "read", "refresh"}


def changes(run, **options):
    """Run an operation and return what it does to which resource."""
    seen = []
    run(on_event=seen.append, **options)
    found = {}
    for event in seen:
        step = event.resource_pre_event
        if step is not None and step.metadata.op.value not in _QUIET:
            found.setdefault(step.metadata.urn.split("::")[-1], []).append(step.metadata.op.value)
    return found
