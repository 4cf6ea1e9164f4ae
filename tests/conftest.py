"""What has to be there before any test runs."""

from hypothesis import strategies

# Loaded for the first time inside a running example, this part is compiled while Hypothesis moves the recursion limit,
# which CPython 3.11 answers now and then with "AST constructor recursion depth mismatch".
strategies.from_regex("a").validate()
