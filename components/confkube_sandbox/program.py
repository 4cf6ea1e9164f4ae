"""Runs a user's Pulumi program to its end inside this process, and says in the user's terms why it failed."""

import asyncio
import os
import runpy
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from pulumi import RunError
from pulumi.runtime import run_in_stack

from confkube.errors import Refusal


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program as the engine names it.

    Attributes:
        folder: Where the program lives and runs.
        entry_point: File or directory inside ``folder``; ``.`` means its ``__main__.py``.
        arguments: The user's own arguments, after ``--`` on the command line.
    """

    folder: Path
    entry_point: str
    arguments: Sequence[str]

    def run(self, parallel: int) -> str | None:
        """Run it, with room for ``parallel`` resource operations at once.

        Returns:
            Nothing where it succeeded; else what to tell the user, empty where the engine already said it.
        """
        loop = asyncio.new_event_loop()
        # As many threads as the official executor takes: an operation waits in one, and often waits for others.
        loop.set_default_executor(ThreadPoolExecutor(max_workers=max(parallel, 1) * 4))
        loop.set_exception_handler(_loop_failure)
        try:
            loop.run_until_complete(run_in_stack(self._execute))
        except (Refusal, RunError) as error:
            return str(error)
        except grpc.RpcError as error:
            return _rpc_failure(error)
        except SystemExit as error:
            return None if error.code in {None, 0} else f"the program left with exit status {error.code}"
        except BaseException as error:  # noqa: BLE001  whatever a user's program raises is the user's to read
            return "Program failed with an unhandled exception:\n" + self._traceback(error)
        finally:
            _close(loop)
        return None

    def _execute(self) -> None:
        """Do what ``python <folder>`` does: its directory comes first on the path, its name is ``argv[0]``."""
        os.chdir(self.folder)
        target = os.path.normpath(self.folder / self.entry_point)
        sys.argv = [target, *self.arguments]
        runpy.run_path(target, run_name="__main__")

    def _traceback(self, error: BaseException) -> str:
        """Format ``error`` from the program's own first frame on: what comes before it is ours."""
        frames = error.__traceback__
        while frames is not None and self.folder not in Path(frames.tb_frame.f_code.co_filename).parents:
            frames = frames.tb_next
        return "".join(traceback.format_exception(type(error), error, frames or error.__traceback__)).rstrip()


def _close(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
        with suppress(asyncio.CancelledError, grpc.RpcError):
            loop.run_until_complete(task)
    loop.close()


def _loop_failure(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A task lost the engine: nothing further can succeed, and the engine knows."""
    if isinstance(context.get("exception"), grpc.RpcError):
        loop.stop()
    else:
        loop.default_exception_handler(context)


def _rpc_failure(error: grpc.RpcError) -> str:
    """An engine that hangs up is shutting down and has said why; any other failed call is news."""
    if not isinstance(error, grpc.Call):
        return f"RPC error: {error}"
    return "" if error.code() is grpc.StatusCode.UNAVAILABLE else f"RPC error: {error.details()}"
