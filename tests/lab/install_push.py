"""Fills an OCI registry: ``install_push.py ADDRESS AUTHORITY CHART ARCHIVE...``; prints what is there, JSON.

CHART is a Helm chart's archive, each ARCHIVE a container image in docker's format.
"""

import hashlib
import http.client
import io
import json
import ssl
import sys
import tarfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import yaml

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IMAGE = ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar")
CHART = ("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
_PATIENCE = 20


class Registry:
    """One registry, spoken to over one connection."""

    def __init__(self, address, authority):
        context = ssl.create_default_context(cafile=authority)
        self.connection = http.client.HTTPSConnection(address, context=context, timeout=60, blocksize=1 << 20)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self.connection.connect()
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def ask(self, method, path, body=None, **headers):
        self.connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status not in (201, 202):
            raise SystemExit(f"{method} {path}: {answer.status} {said.decode(errors='replace')}")
        return answer

    def blob(self, repository, stream, digest, size):
        begun = urlsplit(self.ask("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"])
        path = f"{begun.path}?{begun.query}&digest={digest}"
        self.ask("PUT", path, stream, Content_Length=str(size), Content_Type="application/octet-stream")

    def push(self, repository, tag, kinds, config, layer):
        """Push one artifact of a configuration and one layer (stream, digest, size); returns the manifest's digest."""
        known = (io.BytesIO(config), digest_of(config), len(config))
        for blob in (known, layer):
            self.blob(repository, *blob)
        described = [
            {"mediaType": kind, "digest": digest, "size": size}
            for kind, (_, digest, size) in zip(kinds, (known, layer), strict=True)
        ]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
        text = json.dumps(manifest).encode()
        self.ask("PUT", f"/v2/{repository}/manifests/{tag}", text, Content_Type=MANIFEST)
        return digest_of(text)

    def image(self, archive):
        with tarfile.open(archive) as tar:
            (found,) = json.load(tar.extractfile("manifest.json"))
            (reference,), (layer,) = found["RepoTags"], found["Layers"]
            stream, size = tar.extractfile(layer), tar.getmember(layer).size
            config = tar.extractfile(found["Config"]).read()
            repository, _, tag = reference.partition("/")[2].rpartition(":")
            blob = (stream, f"sha256:{layer.partition('/')[0]}", size)
            return reference, self.push(repository, tag, IMAGE, config, blob)

    def chart(self, archive):
        content = archive.read_bytes()
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            (found,) = (name for name in tar.getnames() if name.endswith("/Chart.yaml"))
            about = yaml.safe_load(tar.extractfile(found))
        blob = (io.BytesIO(content), digest_of(content), len(content))
        repository = f"charts/{about['name']}"
        return repository, self.push(repository, about["version"], CHART, json.dumps(about).encode(), blob)


def digest_of(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def main(address, authority, chart, *archives):
    registry = Registry(address, authority)
    there = dict([registry.chart(Path(chart)), *map(registry.image, archives)])
    json.dump(there, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
