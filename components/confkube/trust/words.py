"""Words of others within a line of ours."""


def told(text: str, most: int = 300) -> str:
    """Return the end of what a program or a server said as part of one line, without what a terminal would obey."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return words if len(words) <= most else f"... {words[-most:]}"
