"""``confkube support`` and the page made from the same table."""

import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from confkube import facts
from confkube.facts import docs
from confkube.support import support

PAGE = Path(__file__).parents[2] / "docs" / "support.md"


def run(*arguments):
    return CliRunner().invoke(support, arguments)


def test_the_page_is_what_the_table_says():
    assert PAGE.read_text(encoding="utf-8") == docs.page(), f"run: python -m confkube.facts.docs docs/{PAGE.name}"


def test_the_page_has_a_row_for_every_combination():
    rows = [line for line in docs.page().splitlines() if line.startswith("| ")]
    for cloud, tee in product(facts.clouds(), facts.TEES):
        assert len([row for row in rows if row.startswith(f"| {cloud} | {tee} |")]) == len(facts.models())


def test_the_page_is_written_where_it_is_asked_for(tmp_path, capsys):
    assert docs.main([str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == docs.page()
    assert docs.main([]) == 0
    assert capsys.readouterr().out == docs.page()
    assert docs.main(["a", "b"]) == 2


def test_json_is_a_list_of_objects_with_the_agreed_keys():
    result = run("--json")
    found = json.loads(result.output)
    assert result.exit_code == 0
    combinations = [(each["model"], each["cloud"], each["tee"]) for each in found]
    assert len(set(combinations)) == len(combinations)
    assert set(combinations) >= set(product(facts.models(), facts.clouds(), facts.TEES))
    profiles = [each for each in found if each["tee"] == facts.NO_TEE]
    assert {(each["model"], each["status"]) for each in profiles} == {
        ("nested-nodes", "unattested"),
        ("coco-nested", "unattested"),
    }
    for each in found:
        assert list(each) == ["model", "cloud", "tee", "status", "reason", "source", "checked"]
        assert all(isinstance(value, str) and value for value in each.values())


def test_a_question_about_one_cell():
    result = run("--model", "cvm-nodes", "--cloud", "aws", "--tee", "tdx", "--json")
    (found,) = json.loads(result.output)
    assert found["status"] == "absent"
    assert "no Intel TDX" in found["reason"]


def test_the_table_shows_status_reason_date_and_source():
    result = run("--model", "nested-nodes", "--cloud", "azure")
    assert result.exit_code == 0
    for part in ("nested-nodes", "azure", "snp", "preview", "experimental", "2026-11-23", "manifold-cc"):
        assert part in result.output


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--model", "tvm"],
            "model: 'tvm' is not known; choose one of coco-metal, coco-nested, coco-peer-pods, cvm-nodes, nested-nodes",
        ),
        (["--cloud", "mars"], "cloud: 'mars' is not known; choose one of aws, azure, gcp, lab, metal"),
        (["--tee", "cheri", "--json"], "tee: 'cheri' is not known; choose one of snp, tdx"),
    ],
)
def test_an_unknown_word_is_one_line_and_exit_code_2(arguments, line):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == f"{line}\n"


def test_the_facts_need_the_standard_library_only():
    program = (
        "import sys; sys.modules['confkube'] = type(sys)('confkube'); "
        f"sys.modules['confkube'].__path__ = [{str(Path(facts.__file__).parents[1])!r}]; "
        "import confkube.facts.docs; "
        "others = {'pulumi', 'boto3', 'rich', 'click', 'yaml', 'pydantic'}; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & others))"
    )
    result = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
