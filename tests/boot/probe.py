"""Answers on ports, or asks for answers: run with ``serve`` or ``ask`` in a network of its own. No test is in here."""

import json
import select
import socket
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

PATIENCE = 1.0


def serve(address, tcp, udp):
    """Listen for ever; says ``ready``."""
    listening = [socket.create_server((address, port), backlog=64) for port in tcp]
    datagrams = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in udp]
    for own, port in zip(datagrams, udp, strict=True):
        own.bind((address, port))
        threading.Thread(target=echo, args=(own,), daemon=True).start()
    say("ready")
    while True:
        for each in select.select(listening, [], [])[0]:
            each.accept()[0].close()


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def echo(own):
    while True:
        own.sendto(*own.recvfrom(64))


def reaches(question):
    address, protocol, port = question
    try:
        return {"tcp": by_tcp, "udp": by_udp, "icmp": by_echo}[protocol](address, port)
    except OSError:
        return False


def by_tcp(address, port):
    socket.create_connection((address, port), PATIENCE).close()
    return True


def by_udp(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(PATIENCE)
        own.sendto(b"x", (address, port))
        return bool(own.recv(64))


def by_echo(address, _):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as own:
        own.settimeout(PATIENCE)
        own.connect((address, 0))
        # Echo request, code 0, checksum, identifier and sequence number 1 (RFC 792).
        own.send(struct.pack("!BBHHH", 8, 0, 0xFFFF - 0x0800 - 1 - 1, 1, 1))
        while own.recv(256)[20] != 0:
            continue
        return True


def ask(*questions):
    with ThreadPoolExecutor(len(questions)) as pool:
        say(json.dumps(list(pool.map(reaches, questions))))


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](*json.loads(sys.argv[2]))
