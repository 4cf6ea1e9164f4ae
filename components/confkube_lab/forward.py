"""Carries connections from this computer into the lab, whose network has no way out."""

import asyncio
import contextlib
import ctypes
import errno
import os
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from confkube.errors import Refusal
from confkube_lab.inventory import Inventory

_CHUNK = 65536
_CLONE_NEWNET = 0x40000000
_CONNECT_SECONDS = 10


def listen(address: str, port: int, patience: float = 0) -> socket.socket:
    """A socket that listens at an address of this computer.

    Args:
        address: The address.
        port: The port.
        patience: Seconds for which another may still be about to leave it.

    Raises:
        Refusal: Somebody else listens there.
    """
    deadline = time.monotonic() + patience
    while True:
        found = socket.socket()
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((address, port))
            found.listen(64)
        except OSError as error:
            found.close()
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise Refusal(f"{address}:{port} cannot be opened on this computer: {error.strerror}") from error
            time.sleep(0.02)
        else:
            return found


def serve(sockets: Sequence[tuple[socket.socket, str, int]], inventory: Inventory) -> None:
    """Carry what arrives at ``sockets`` to a port of the single machine of a tier, for ever."""

    def target(tier: str, port: int) -> Callable[[], tuple[str, int]]:
        def find() -> tuple[str, int]:
            machine = inventory.single(tier)
            if machine is None:
                raise OSError(f"there is no machine in {tier} yet")
            return machine.address, port

        return find

    asyncio.run(_serve([(listening, target(tier, port)) for listening, tier, port in sockets]))


def tunnel(listening: socket.socket, holder: int, address: str, port: int) -> None:
    """Enter the network of the lab that process ``holder`` holds, and carry ``listening`` to a port there, for ever."""
    with Path(f"/proc/{holder}/ns/net").open("rb") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET) != 0:
            raise Refusal(f"the lab's network cannot be entered: {os.strerror(ctypes.get_errno())}; run this as root")
    asyncio.run(_serve([(listening, lambda: (address, port))]))


async def _serve(entries: Sequence[tuple[socket.socket, Callable[[], tuple[str, int]]]]) -> None:
    servers = [await asyncio.start_server(_carrier(target), sock=listening) for listening, target in entries]
    await asyncio.gather(*(server.serve_forever() for server in servers))
    await asyncio.Event().wait()


def _carrier(target: Callable[[], tuple[str, int]]):  # noqa: ANN202  asyncio's callback
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            address, port = target()
            inner = await asyncio.wait_for(asyncio.open_connection(address, port), _CONNECT_SECONDS)
        except (OSError, TimeoutError):
            writer.close()
            return
        await asyncio.gather(_pump(reader, inner[1]), _pump(inner[0], writer))

    return carry


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
            return
    writer.close()
