import pytest

from confkube_sandbox.providers.command.globs import compiled, selected


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [
        ("*.txt", ["a.txt", ".txt"], ["a/b.txt", "a.txt2"]),
        ("**.txt", ["a.txt", "a/b.txt"], ["a.text"]),
        ("assets/**", ["assets/a", "assets/a/b"], ["assets", "other/a"]),
        ("?at", ["cat"], ["at", "/at"]),
        ("[abc]at", ["bat"], ["dat"]),
        ("[!abc]at", ["dat"], ["bat"]),
        ("[a-c]at", ["bat"], ["dat"]),
        ("{cat,bat,[fr]at}", ["cat", "rat"], ["zat", "at"]),
        ("a,b", ["a,b"], ["a"]),
        (r"\*", ["*"], ["a"]),
        (r"a.b+(c)", ["a.b+(c)"], ["axb"]),
        ("[\\^a]", ["^", "a"], ["b"]),
    ],
)
def test_syntax(glob, yes, no):
    rule = compiled(glob)
    assert [path for path in yes if not rule.fullmatch(path)] == []
    assert [path for path in no if rule.fullmatch(path)] == []


def test_rules_apply_in_order():
    paths = ["a/x.js", "a/secret.js", "b.txt"]
    assert selected(paths, ["a/**", "!**secret.*"]) == ["a/x.js"]
    assert selected(paths, ["!**secret.*", "a/**"]) == ["a/x.js", "a/secret.js"]
    assert selected(paths, []) == []


@pytest.mark.parametrize("glob", ["{a", "a}", "[a", "[]"])
def test_malformed(glob):
    with pytest.raises(ValueError, match=r".+"):
        compiled(glob)
