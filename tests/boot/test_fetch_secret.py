"""The AWS secret script, run for real: a metadata service, and moto behind a check of the signature."""

import http.server
import json
import os
import re
import subprocess
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager

import boto3
import pytest
from boot import samples
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import ThreadedMotoServer

REGION = "us-east-2"
KEYS = Credentials("ASIAEXAMPLE000000000", 'a/secret+with/odd=characters"\\', "a//session+token==")
NAME = "confkube/demo/control-plane"
SECRET = json.dumps({"ca.key": '-----BEGIN EC\nüñí "quoted" \\ back', "token": samples.TOKEN})


class Metadata(http.server.BaseHTTPRequestHandler):
    """IMDSv2: nothing is answered without a session token; the role may come late."""

    def log_message(self, *_):
        pass

    def reply(self, status, text=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        wanted = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        self.reply(200, "session==") if wanted else self.reply(400)

    def do_GET(self):
        if self.headers["X-aws-ec2-metadata-token"] != "session==":
            self.reply(401)
            return
        role = {"AccessKeyId": KEYS.access_key, "SecretAccessKey": KEYS.secret_key, "Token": KEYS.token}
        found = {
            "services/domain": "amazonaws.com",
            "iam/security-credentials/": "the-role",
            "iam/security-credentials/the-role": json.dumps({"Code": "Success", **role} | self.server.role),
        }.get(self.path.removeprefix("/latest/meta-data/"))
        if found is None or (self.server.no_role and "iam" in self.path):
            self.reply(404)
        else:
            self.reply(200, found)


class Checked(http.server.BaseHTTPRequestHandler):
    """Secrets Manager: checks Signature Version 4 with botocore, then asks moto."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, text = self.judge(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def judge(self, body):
        sent = self.headers["Authorization"]
        names = re.search(r"SignedHeaders=([^,]+),", sent).group(1).split(";")
        assert {"host", "x-amz-date", "x-amz-security-token", "x-amz-target"} <= set(names), names
        request = AWSRequest("POST", f"http://{self.headers['Host']}{self.path}", data=body)
        for name in names:
            request.headers[name] = self.headers[name]
        if self.server.expired:
            return 400, b'{"__type":"ExpiredTokenException","message":"The security token included is expired"}'
        auth = SigV4Auth(KEYS, "secretsmanager", REGION)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        canonical = auth.canonical_request(request)
        good = auth.signature(auth.string_to_sign(request, canonical), request)
        if f"Signature={good}" not in sent or self.headers["X-Amz-Security-Token"] != KEYS.token:
            return 403, b'{"__type":"InvalidSignatureException","message":"wrong"}'
        self.server.accepted += 1
        onward = urllib.request.Request(self.server.moto, data=body, headers=dict(self.headers), method="POST")
        try:
            with urllib.request.urlopen(onward) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@contextmanager
def serving(handler, **attributes):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    for name, value in attributes.items():
        setattr(server, name, value)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def cloud(tmp_path):
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "secretsmanager", region_name=REGION, endpoint_url=address, aws_access_key_id="x", aws_secret_access_key="y"
    )
    client.create_secret(Name=NAME, SecretString=SECRET)
    try:
        with (
            serving(Metadata, no_role=False, role={}) as metadata,
            serving(Checked, expired=False, accepted=0, moto=address) as secrets,
        ):
            (tmp_path / "env").write_text(
                f"METADATA_URL=http://127.0.0.1:{metadata.server_port}\n"
                f"SECRETS_URL=http://127.0.0.1:{secrets.server_port}\n"
            )
            yield metadata, secrets
    finally:
        client.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)
        moto.stop()


def fetch(tmp_path, name=NAME, path=None):
    return subprocess.run(
        ["sh", samples.FETCH_AWS, f"{REGION}/{name}"],
        env={"CONFKUBE_ENV": str(tmp_path / "env"), "PATH": path or os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_secret_comes_out_as_it_went_in(cloud, tmp_path):
    result = fetch(tmp_path)
    assert (result.returncode, result.stdout) == (0, SECRET), result.stderr
    assert result.stderr == ""
    assert cloud[1].accepted == 1


def test_no_secret_in_any_argument_list(cloud, tmp_path):
    """Every program that the script starts is replaced by one that writes down its arguments first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("curl", "python3"):
        real = subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True).stdout
        (folder / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{tmp_path}/arguments\nexec {real.strip()} "$@"\n')
        (folder / name).chmod(0o755)
    result = fetch(tmp_path, path=f"{folder}:{os.environ['PATH']}")
    assert result.stdout == SECRET, result.stderr
    arguments = (tmp_path / "arguments").read_text()
    assert "aws:amz:us-east-2:secretsmanager" in arguments
    for secret in (KEYS.access_key, KEYS.secret_key, KEYS.token, "session==", samples.TOKEN):
        assert secret not in arguments


def test_a_wrong_name(cloud, tmp_path):
    result = fetch(tmp_path, "confkube/other")
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"fetch-secret: confkube/other: 40[04] ResourceNotFoundException\n", result.stderr)


def test_expired_credentials(cloud, tmp_path):
    cloud[1].expired = True
    result = fetch(tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"fetch-secret: {NAME}: 400 ExpiredTokenException\n"


def test_a_wrong_key_is_refused_by_the_check_of_the_signature(cloud, tmp_path):
    cloud[0].role = {"SecretAccessKey": "another"}
    result = fetch(tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "403 InvalidSignatureException" in result.stderr


def test_a_role_that_is_not_there_yet(cloud, tmp_path):
    cloud[0].no_role = True
    result = fetch(tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "this instance has no role (yet)" in result.stderr
    cloud[0].no_role = False
    assert fetch(tmp_path).stdout == SECRET


def test_credentials_that_are_not_ready(cloud, tmp_path):
    cloud[0].role = {"Token": None, "SecretAccessKey": None}
    result = fetch(tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "not ready" in result.stderr


def test_no_metadata_service(tmp_path):
    (tmp_path / "env").write_text("METADATA_URL=http://127.0.0.1:9\n")
    result = fetch(tmp_path)
    assert result.returncode != 0
    assert result.stdout == ""
