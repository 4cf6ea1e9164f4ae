"""What has to be there before any test runs."""

from hypothesis import strategies

# Loaded for the first time inside a running example, this part is compiled while Hypothesis moves the recursion limit,
# which CPython 3.11 answers now and then with "AST constructor recursion depth mismatch".
strategies.from_regex("a").validate()

# The longest life of all goes first, and the short tests of the same kind last: they wait for each other (lab_guard).
_FIRST, _LAST = "tests/engine/test_cvm_nodes_lab.py", "tests/lab/test_labs.py"


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: (not item.nodeid.startswith(_FIRST), item.nodeid.startswith(_LAST)))
