"""Compare each stack's preview, up and destroy with a flat hand-written program of the same resources, in one run.

Run by ``make bench`` inside the sandbox. Machines are noisy: the two take turns, and ratios are what counts.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
BY_HAND = ROOT / "tools" / "bench"
MODEL = "cvm-nodes"
"""The model that the programs by hand make; the lab has a benchmark of its own, bench_lab.py."""
STACKS = [
    name
    for path in sorted((ROOT / "stacks" / "config").glob(f"Pulumi.{MODEL}-*.yaml"))
    for name in [path.name.split(".")[1]]
    if (BY_HAND / f"{name.removeprefix(f'{MODEL}-').split('-')[0]}.py").exists()
]
OPERATIONS = ("preview", "up", "up again", "destroy")
COMMANDS = {
    "preview": ["preview"],
    "up": ["up", "--yes", "--skip-preview"],
    "up again": ["up", "--yes", "--skip-preview"],
    "destroy": ["destroy", "--yes", "--skip-preview"],
}


def project(folder: Path, stack: str, program: Path) -> Path:
    """Lay out a Pulumi project of one program with the stack's own configuration."""
    shutil.copy(ROOT / "Pulumi.yaml", folder / "Pulumi.yaml")
    (folder / "stacks" / "config").mkdir(parents=True)
    shutil.copy(program, folder / "stacks" / "__main__.py")
    shutil.copy(BY_HAND / "keys.py", folder / "stacks" / "keys.py")
    (folder / ".venv").symlink_to(sys.prefix)
    name = f"Pulumi.{stack}.yaml"
    shutil.copy(ROOT / "stacks" / "config" / name, folder / "stacks" / "config" / name)
    return folder


def pulumi(folder: Path, *words: str) -> str:
    """Run the engine in ``folder``."""
    (stack,) = (path.name.split(".")[1] for path in (folder / "stacks" / "config").glob("Pulumi.*.yaml"))
    done = subprocess.run(
        ["pulumi", *words, "--stack", stack, "--non-interactive"],
        cwd=folder,
        env=os.environ | {"PULUMI_BACKEND_URL": f"file://{folder}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"pulumi {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def seconds(work: Callable[[], object]) -> float:
    """How long ``work`` takes by the wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def resources(folder: Path) -> Counter[str]:
    """How many resources of each provider type the stack has."""
    exported = json.loads(pulumi(folder, "stack", "export"))["deployment"]["resources"]
    return Counter(each["type"] for each in exported if each.get("custom") and ":providers:" not in each["type"])


def main() -> None:
    """Print for each stack one line an operation: both medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", nargs="*", metavar="STACK", help="which stacks (all)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each operation is measured (3)")
    given = parser.parse_args()
    unknown = sorted(set(given.stacks) - set(STACKS))
    if unknown:
        sys.exit(f"stack {unknown[0]!r} is not known; choose among {', '.join(STACKS)}")
    for stack in given.stacks or STACKS:
        compare(stack, given.rounds)


def compare(stack: str, rounds: int) -> None:
    """Measure one stack against the program of its cloud."""
    cloud = stack.split("-")[-2]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        contenders = {
            "confkube": project(Path(first), stack, ROOT / "stacks" / "__main__.py"),
            "by hand": project(Path(second), stack, BY_HAND / f"{cloud}.py"),
        }
        taken: dict[str, dict[str, list[float]]] = {name: {each: [] for each in OPERATIONS} for name in contenders}
        for folder in contenders.values():
            pulumi(folder, "stack", "init")
            pulumi(folder, "preview")
        counts: dict[str, Counter[str]] = {}
        for turn in range(rounds):
            print(f"{stack}: round {turn + 1} of {rounds}", file=sys.stderr)
            for operation in OPERATIONS:
                for name, folder in contenders.items():
                    words = COMMANDS[operation]
                    taken[name][operation].append(seconds(lambda folder=folder, words=words: pulumi(folder, *words)))
                    if operation == "up":
                        counts[name] = resources(folder)
        if counts["confkube"] != counts["by hand"]:
            ours, theirs = counts["confkube"], counts["by hand"]
            sys.exit(
                f"the two programs differ, so their times say nothing: {dict(ours - theirs)} {dict(theirs - ours)}"
            )
        report(stack, taken, counts["confkube"].total())


def report(stack: str, taken: dict[str, dict[str, list[float]]], resources: int) -> None:
    """Print the table."""
    ours, theirs = taken["confkube"], taken["by hand"]
    print(f"{stack} in the sandbox; {resources} resources each")
    print(f"{'operation':<10} {'confkube s':>11} {'by hand s':>11} {'ratio':>7}  ratio of each round")
    for operation in OPERATIONS:
        ratios = [mine / other for mine, other in zip(ours[operation], theirs[operation], strict=True)]
        print(
            f"{operation:<10} {statistics.median(ours[operation]):>11.2f} "
            f"{statistics.median(theirs[operation]):>11.2f} {statistics.median(ratios):>7.2f}  "
            f"{' '.join(f'{ratio:.2f}' for ratio in ratios)}"
        )


if __name__ == "__main__":
    main()
