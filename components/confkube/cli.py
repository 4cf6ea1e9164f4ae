"""The ``confkube`` command. Subcommands are loaded when they are used, with what they need."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import click

from confkube.errors import Refusal


@dataclass(frozen=True, kw_only=True)
class LazyCommand:
    """A subcommand that is not loaded yet.

    Attributes:
        target: Where it is, as ``module:attribute``.
        help: Its line in the list of commands.
        extra: The optional dependencies it needs, as ``confkube[extra]``; empty for none.
        needs: Modules of that extra; all must be importable.
    """

    target: str
    help: str
    extra: str = ""
    needs: tuple[str, ...] = ()

    def load(self) -> click.Command:
        """Import the command.

        Raises:
            Refusal: The extra is not installed.
        """
        missing = [name for name in self.needs if importlib.util.find_spec(name) is None]
        if missing:
            raise Refusal(
                f"this command needs {', '.join(missing)}; install it with: pip install 'confkube[{self.extra}]'"
            )
        module, _, attribute = self.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


COMMANDS: Mapping[str, LazyCommand] = {
    "lab": LazyCommand(
        target="confkube_lab.cli:lab",
        help="Real machines on this computer, nothing confidential.",
        extra="lab",
        needs=("confkube_lab", "cryptography"),
    ),
    "metal": LazyCommand(
        target="confkube.metal.cli:metal", help="Hosts of your own: see whether they are ready for a cluster."
    ),
    "sandbox": LazyCommand(
        target="confkube_sandbox.cli:sandbox",
        help="Run Pulumi against simulated clouds: no account, no network.",
        extra="aws,sandbox",
        needs=("confkube_sandbox", "boto3", "cryptography", "moto"),
    ),
    "support": LazyCommand(
        target="confkube.support:support",
        help="Show which model runs on which cloud with which TEE.",
    ),
    "trust": LazyCommand(
        target="confkube.trust.cli:trust",
        help="Enrol the trust server of a stack, and show what is known of it.",
        extra="trust",
        needs=("cryptography",),
    ),
}


class LazyGroup(click.Group):
    """A group whose commands are known by name and help, and imported only to be run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name the commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command called ``cmd_name``."""
        lazy = COMMANDS.get(cmd_name)
        return lazy.load() if lazy else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in sorted(COMMANDS)])


@click.group(cls=LazyGroup)
@click.version_option(package_name="confkube")
def confkube() -> None:
    """Confidential Kubernetes on several clouds and bare metal."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; every refusal is one line on standard error and exit status 1, misuse is 2."""
    try:
        status = confkube.main(args=arguments, prog_name="confkube", standalone_mode=False)
    except Refusal as refusal:
        _fail(str(refusal), 1)
    except click.Abort:
        _fail("interrupted", 130)
    except click.exceptions.NoArgsIsHelpError as wanted:
        click.echo(wanted.format_message())
        sys.exit(wanted.exit_code)
    except click.ClickException as error:
        _fail(_one_sentence(error), error.exit_code)
    except OSError as error:
        _fail(str(error), 1)
    sys.exit(status if isinstance(status, int) else 0)


def _one_sentence(error: click.ClickException) -> str:
    """Turn what click says into our form: lower case, no full stop, and the good values where there are some."""
    text = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None and isinstance(context.command, click.Group) and text.startswith("No such command"):
        text += f"; choose one of {', '.join(context.command.list_commands(context))}"
    return text[:1].lower() + text[1:]


def _fail(text: str, status: int) -> NoReturn:
    click.echo(f"confkube: {' '.join(text.split())}", err=True)
    sys.exit(status)
