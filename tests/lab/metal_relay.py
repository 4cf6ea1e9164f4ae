"""Joins standard input and output with a port: ``metal_relay.py ADDRESS PORT``, run in the lab's network by ssh."""

import os
import socket
import sys
import threading


def main(address, port):
    door = socket.create_connection((address, int(port)), timeout=20)
    door.settimeout(None)

    def outward():
        while part := os.read(0, 65536):
            door.sendall(part)
        door.shutdown(socket.SHUT_WR)

    threading.Thread(target=outward, daemon=True).start()
    while part := door.recv(65536):
        os.write(1, part)


if __name__ == "__main__":
    main(*sys.argv[1:])
