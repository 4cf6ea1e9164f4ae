"""Syntax trees of sources, for tests of what is written rather than of what it does."""

import ast
import gc


def parse(text):
    """Parse ``text`` as ``ast.parse`` does, whatever earlier tests left for the collector.

    CPython 3.11 counts the depth of a tree in the making, and is put off when the collector runs Python code meanwhile.
    """
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        gc.enable()
