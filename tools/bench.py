"""Compare a stack's preview, up and destroy with a flat hand-written program of the same resources, in one run.

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
STACK = "cvm-nodes-aws-snp"
OPERATIONS = ("preview", "up", "up again", "destroy")
COMMANDS = {
    "preview": ["preview"],
    "up": ["up", "--yes", "--skip-preview"],
    "up again": ["up", "--yes", "--skip-preview"],
    "destroy": ["destroy", "--yes", "--skip-preview"],
}


def project(folder: Path, program: Path, config: Path | None) -> Path:
    """Lay out a Pulumi project of one program."""
    shutil.copy(ROOT / "Pulumi.yaml", folder / "Pulumi.yaml")
    (folder / "stacks" / "config").mkdir(parents=True)
    shutil.copy(program, folder / "stacks" / "__main__.py")
    (folder / ".venv").symlink_to(sys.prefix)
    target = folder / "stacks" / "config" / f"Pulumi.{STACK}.yaml"
    if config:
        shutil.copy(config, target)
    else:
        target.write_text("config:\n  aws:region: us-east-2\n")
    return folder


def pulumi(folder: Path, *words: str) -> str:
    """Run the engine in ``folder``."""
    done = subprocess.run(
        ["pulumi", *words, "--stack", STACK, "--non-interactive"],
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
    """Print one line for each operation: both medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each operation is measured (3)")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        config = ROOT / "stacks" / "config" / f"Pulumi.{STACK}.yaml"
        contenders = {
            "confkube": project(Path(first), ROOT / "stacks" / "__main__.py", config),
            "by hand": project(Path(second), ROOT / "tools" / "bench" / "__main__.py", None),
        }
        taken: dict[str, dict[str, list[float]]] = {name: {each: [] for each in OPERATIONS} for name in contenders}
        for folder in contenders.values():
            pulumi(folder, "stack", "init")
            pulumi(folder, "preview")
        counts: dict[str, Counter[str]] = {}
        for turn in range(rounds):
            print(f"round {turn + 1} of {rounds}", file=sys.stderr)
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
        report(taken, counts["confkube"].total())


def report(taken: dict[str, dict[str, list[float]]], resources: int) -> None:
    """Print the table."""
    ours, theirs = taken["confkube"], taken["by hand"]
    print(f"{STACK} in the sandbox; {resources} resources each")
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
