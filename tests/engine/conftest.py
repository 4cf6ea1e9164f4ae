"""One engine and one daemon for all engine tests; every stack gets an account of its own in each simulated cloud."""

import copy
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import boto3
import pytest
import real_engine
import yaml
from pulumi import automation as auto
from pulumi.automation.events import EngineEvent

from confkube_build.progress import Reporter
from confkube_sandbox import activation
from confkube_sandbox.daemon.client import connect
from confkube_sandbox.home import SandboxHome

pytest.register_assert_rewrite("lab_world", "life_suite", "azure_life", "gcp_life", "short_life", "wrong_programs")

ROOT = Path(__file__).parents[2]
_accounts = itertools.count(1)


@dataclass
class Result:
    """What one operation did."""

    steps: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Kind of step -> names of resources; ``same`` is left out."""
    messages: list[str] = field(default_factory=list)
    read_outputs: Callable = dict
    _refreshed: set[str] = field(default_factory=set)

    @cached_property
    def outputs(self):
        return {name: output.value for name, output in self.read_outputs().items()}

    @property
    def changed(self):
        return {op: names for op, names in self.steps.items() if names}

    def note(self, event):
        step = event.resource_pre_event and event.resource_pre_event.metadata
        if step:
            if step.op == "refresh":
                self._refreshed.add(step.urn)
            elif step.op not in ("same", "read"):
                self.steps[str(step.op.value)].add(short(step.urn))
        ended = event.res_outputs_event and event.res_outputs_event.metadata
        if ended and ended.urn in self._refreshed and ended.op in ("update", "delete"):
            self.steps["drift"].add(short(ended.urn))
        if event.diagnostic_event and event.diagnostic_event.severity != "debug":
            self.messages.append(event.diagnostic_event.message.strip())


def short(urn):
    """Type and name, without what it belongs to."""
    kind, name = urn.split("::")[-2:]
    return f"{kind.split('$')[-1]} {name}"


class Stack:
    """A stack in a project of its own, as a user would have it."""

    def __init__(self, home, folder, name, config, program=None):
        self.home, self.name, self.folder = home, name, folder
        self.number = next(_accounts)
        self.account = f"00000000{self.number:04}"
        self.subscription = f"00000000-0000-4000-8000-00000000{self.number:04}"
        self.project = f"confkube-sandbox-{self.number:04}"
        self.client = connect(home)
        for part in ("Pulumi.yaml", "stacks/__main__.py"):
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / part, folder / part)
        (folder / ".venv").symlink_to(sys.prefix)
        if program:
            (folder / "stacks" / "__main__.py").write_text(program)
        self.configure(config)
        environment = home.activate(os.environ)
        environment |= self.credentials()
        command = real_engine.command()
        self.engine = command.command
        self.stack = auto.create_or_select_stack(
            name,
            work_dir=str(folder),
            opts=auto.LocalWorkspaceOptions(pulumi_command=command, env_vars=environment),
        )

    def credentials(self):
        return {
            "AWS_ACCESS_KEY_ID": f"CFKSIM{self.account}00",
            "AWS_SECRET_ACCESS_KEY": self.client.token,
            "ARM_SUBSCRIPTION_ID": self.subscription,
            "GOOGLE_PROJECT": self.project,
        }

    def configure(self, config):
        config = copy.deepcopy(config)
        platform = config.get("confkube:args", {}).get("platform", {})
        for cloud, key, own in (("azure", "subscription", self.subscription), ("gcp", "project", self.project)):
            if cloud in platform:
                platform[cloud] = {**platform[cloud], key: own}
        path = self.folder / "stacks" / "config" / f"Pulumi.{self.name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"config": config}))

    def boto(self, service, region="us-east-2"):
        keys = self.credentials()
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.client.url,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        )

    def inventory(self):
        accounts = (self.account, self.subscription, self.project)
        return sorted(found for account in accounts for found in self.client.inventory(account))

    def up(self, *options, replace=()):
        return self._run("up", "--yes", "--skip-preview", *options, *(f"--replace={urn}" for urn in replace))

    def preview(self):
        return self._run("preview")

    def refresh(self):
        return self._run("refresh", "--yes", "--skip-preview")

    def destroy(self):
        return self._run("destroy", "--yes", "--skip-preview")

    def state(self):
        """The state as the backend keeps it, secrets encrypted; `stack export` here would show them."""
        file = self.home.state / ".pulumi" / "stacks" / "confkube" / f"{self.name}.json"
        return json.loads(file.read_text())["checkpoint"]["latest"]

    def _run(self, *words):
        """Run the engine once; the Automation API would ask it three times more for what is seldom looked at."""
        log = self.folder / "events.json"
        log.unlink(missing_ok=True)
        done = subprocess.run(
            [self.engine, *words, "--stack", self.name, "--non-interactive", "--event-log", str(log)],
            cwd=self.folder,
            env=self.stack.workspace.env_vars | {"PULUMI_DEBUG_COMMANDS": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        result = Result(read_outputs=self.stack.outputs)
        for line in log.read_text().splitlines() if log.exists() else ():
            result.note(EngineEvent.from_json(json.loads(line)))
        if done.returncode:
            raise auto.CommandError(auto.CommandResult(done.stdout, done.stderr, done.returncode))
        return result


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    home = SandboxHome(tmp_path_factory.mktemp("sandbox"))
    activation.make_ready(home, os.environ, Reporter())
    client = connect(home)
    client.settings(speed=10000)
    yield home
    client.stop()


@pytest.fixture(scope="session")
def committed_config():
    """The configuration of a committed stack file."""

    def read(stack):
        return yaml.safe_load((ROOT / "stacks" / "config" / f"Pulumi.{stack}.yaml").read_text())["config"]

    return read


@pytest.fixture(scope="module")
def stack_in(sandbox, tmp_path_factory):
    made = []

    def make(name, config, program=None):
        stack = Stack(sandbox, tmp_path_factory.mktemp("project"), name, config, program)
        made.append(stack)
        return stack

    return make
