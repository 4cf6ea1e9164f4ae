"""The secret scripts of the clouds that hand out bearer tokens, run for real against a metadata service and a store."""

import base64
import http.server
import json
import os
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from boot import samples

from confkube.clouds.azure.identity import secret_name, vault_name
from confkube.clouds.gcp.identity import secret_id

NAME = "confkube/demo-4f2a/control-plane"
SECRET = json.dumps({"ca.key": '-----BEGIN EC\nüñí "quoted" \\ back', "token": samples.TOKEN})
TOKEN = 'ey.token+with/odd=characters"\\'


@dataclass
class World:
    """What the metadata service and the store answer; each test may change it."""

    identity: bool = True
    allowed: bool = True
    token: str = TOKEN
    value: str = SECRET
    asked: list[str] = field(default_factory=list)


class Azure:
    script, variable = "azure", "VAULT_URL"
    no_identity, forbidden, absent = "has no identity (yet)", "403 ForbiddenByRbac", "404 SecretNotFound"
    name = secret_name(NAME)

    @staticmethod
    def metadata(world, path, headers):
        if headers["Metadata"] != "true" or path.path != "/metadata/identity/oauth2/token":
            return 400, {}
        wanted = {"api-version": ["2018-02-01"], "resource": ["https://vault.azure.net"]}
        if parse_qs(path.query) != wanted or not world.identity:
            return 400, {"error": "invalid_request", "error_description": "Identity not found"}
        return 200, {"access_token": world.token, "token_type": "Bearer"}

    @staticmethod
    def store(world, path):
        if path.path != f"/secrets/{secret_name(NAME)}":
            return 404, {"error": {"code": "SecretNotFound", "message": "not found"}}
        if not world.allowed:
            inner = {"code": "ForbiddenByRbac"}
            return 403, {"error": {"code": "Forbidden", "message": "no", "innererror": inner}}
        return 200, {"value": world.value, "id": "x"}


class Gcp:
    script, variable = "gcp", "SECRETS_URL"
    no_identity, forbidden, absent = "has no service account (yet)", "403 PERMISSION_DENIED", "404 NOT_FOUND"
    name = secret_id(NAME)

    @staticmethod
    def metadata(world, path, headers):
        if headers["Metadata-Flavor"] != "Google":
            return 403, {}
        if path.path == "/computeMetadata/v1/project/project-id":
            return 200, "my-project"
        if path.path == "/computeMetadata/v1/instance/service-accounts/default/token":
            return 200, {"access_token": world.token} if world.identity else {}
        return 404, {}

    @staticmethod
    def store(world, path):
        if path.path != f"/v1/projects/my-project/secrets/{secret_id(NAME)}/versions/latest:access":
            return 404, {"error": {"code": 404, "status": "NOT_FOUND"}}
        if not world.allowed:
            return 403, {"error": {"code": 403, "status": "PERMISSION_DENIED"}}
        return 200, {"payload": {"data": base64.b64encode(world.value.encode()).decode()}}


@contextmanager
def serving(answer):
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            status, body = answer(urlsplit(self.path), self.headers)
            text = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(params=[Azure, Gcp], ids=lambda cloud: cloud.script)
def cloud(request):
    return request.param


@pytest.fixture
def world(cloud, tmp_path):
    made = World()

    def store(path, headers):
        made.asked.append(path.path)
        if headers["Authorization"] != f"Bearer {TOKEN}":
            return 401, {"error": {"code": "Unauthorized", "status": "UNAUTHENTICATED"}}
        return cloud.store(made, path)

    with (
        serving(lambda path, headers: cloud.metadata(made, path, headers)) as metadata,
        serving(store) as secrets,
    ):
        (tmp_path / "env").write_text(f"METADATA_URL={metadata}\n{cloud.variable}={secrets}\n")
        yield made


def fetch(cloud, tmp_path, name=NAME, path=None):
    return subprocess.run(
        ["sh", samples.COMPONENTS / "clouds" / cloud.script / "boot" / "fetch-secret.sh", name],
        env={"CONFKUBE_ENV": str(tmp_path / "env"), "PATH": path or os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_secret_comes_out_as_it_went_in(cloud, world, tmp_path):
    result = fetch(cloud, tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, SECRET, "")
    assert len(world.asked) == 1


def test_no_secret_in_any_argument_list(cloud, world, tmp_path):
    """Every program that the script starts is replaced by one that writes down its arguments first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("curl", "python3"):
        real = subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True).stdout
        (folder / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{tmp_path}/arguments\nexec {real.strip()} "$@"\n')
        (folder / name).chmod(0o755)
    result = fetch(cloud, tmp_path, path=f"{folder}:{os.environ['PATH']}")
    assert result.stdout == SECRET, result.stderr
    arguments = (tmp_path / "arguments").read_text()
    assert cloud.name in arguments
    for secret in (TOKEN, samples.TOKEN):
        assert secret not in arguments


def test_an_identity_that_is_not_there_yet(cloud, world, tmp_path):
    world.identity = False
    result = fetch(cloud, tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert cloud.no_identity in result.stderr
    world.identity = True
    assert fetch(cloud, tmp_path).stdout == SECRET


def test_a_right_that_is_not_there_yet(cloud, world, tmp_path):
    world.allowed = False
    result = fetch(cloud, tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"fetch-secret: {cloud.name}: {cloud.forbidden}\n"


def test_a_wrong_name(cloud, world, tmp_path):
    result = fetch(cloud, tmp_path, "confkube/demo-4f2a/other")
    assert (result.returncode, result.stdout) == (1, "")
    assert cloud.absent in result.stderr


def test_a_wrong_token(cloud, world, tmp_path):
    world.token = "another"
    result = fetch(cloud, tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "401" in result.stderr


def test_an_empty_secret(cloud, world, tmp_path):
    world.value = ""
    result = fetch(cloud, tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "holds no text" in result.stderr


def test_no_metadata_service(cloud, tmp_path):
    (tmp_path / "env").write_text("METADATA_URL=http://127.0.0.1:9\n")
    result = fetch(cloud, tmp_path)
    assert result.returncode != 0
    assert result.stdout == ""


def test_the_vault_is_the_one_that_the_platform_makes(tmp_path):
    """The script and the platform each derive the vault's name from the secret's."""
    log = tmp_path / "arguments"
    fake = tmp_path / "curl"
    fake.write_text(
        f'#!/bin/sh\nprintf \'%s\\n\' "$@" >>{log}\nprintf \'%s\\n%s\' \'{{"access_token": "t", "value": "v"}}\' 200\n'
    )
    fake.chmod(0o755)
    (tmp_path / "env").write_text("")
    result = fetch(Azure, tmp_path, path=f"{tmp_path}:{os.environ['PATH']}")
    assert result.returncode == 0, result.stderr
    assert f"https://{vault_name(NAME)}.vault.azure.net/secrets/control-plane" in Path(log).read_text()
