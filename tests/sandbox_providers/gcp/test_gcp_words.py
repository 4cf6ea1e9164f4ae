"""Parts without a cloud: texts of errors, spellings that mean the same, retries, and the transport."""

from __future__ import annotations

import http.server
import json
import threading
import time

import httplib2
import pytest
from googleapiclient.errors import HttpError

from confkube_sandbox.access.gcp import Access, Transport
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import api, group_parts, images, links, machines, operations, rules
from confkube_sandbox.providers.gcp.connection import Connection, World
from confkube_sandbox.providers.gcp.failures import ApiError, OperationError
from confkube_sandbox.providers.gcp.live import Projection
from confkube_sandbox.providers.gcp.translate import Translator, camel

LINK = "https://www.googleapis.com/compute/v1/projects/ubuntu-os-cloud/global/images/ubuntu-2404-noble-amd64-v20260906"


def _error(status, body):
    return api._refused(HttpError(httplib2.Response({"status": status}), json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"error": {"code": 404, "message": "no", "errors": [{"message": "no", "reason": "notFound"}]}},
            "googleapi: Error 404: no, notFound",
        ),
        ({"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}}, "googleapi: Error 404: no"),
        (
            {
                "error": {
                    "message": "no",
                    "errors": [{"message": "a", "reason": "x"}, {"message": "b", "reason": "y"}],
                }
            },
            "googleapi: Error 404: no\nMore details:\nReason: x, Message: a\nReason: y, Message: b\n",
        ),
        (
            {"error": {"message": "no", "details": [{"@type": "t"}]}},
            'googleapi: Error 404: no\nDetails:\n[\n  {\n    "@type": "t"\n  }\n]',
        ),
        (["?"], 'googleapi: got HTTP response code 404 with body: ["?"]'),
    ],
)
def test_errors_read_as_those_of_the_go_client(body, text):
    assert str(_error(404, body)) == text


@pytest.mark.parametrize(
    ("status", "body", "again"),
    [
        (503, "", True),
        (429, "", True),
        (404, "", False),
        (403, "rateLimitExceeded", False),
        (403, "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service 'x'", True),
        (403, "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED", True),
        (409, "operationInProgress", True),
        (409, "alreadyExists", False),
        (400, "resourceNotReady projects/p/regions/r/subnetworks/s", True),
        (400, "resourceNotReady instances", False),
        (412, "conditionNotMet", False),
    ],
)
def test_which_refusals_pass(status, body, again):
    assert api.passes(ApiError(status, "", "", body=body)) is again


def test_an_operation_tells_its_errors():
    quota = {
        "metricName": "compute.googleapis.com/cpus",
        "limitName": "CPUS",
        "limit": 8,
        "dimensions": {"region": "r"},
    }
    told = (
        {"localizedMessage": {"message": "use another zone"}},
        {"help": {"links": [{"description": "d", "url": "u"}]}},
    )
    errors = [
        {"code": "QUOTA_EXCEEDED", "message": "Quota 'CPUS' exceeded.", "errorDetails": [{"quotaInfo": quota}]},
        {"code": "ZONE_RESOURCE_POOL_EXHAUSTED", "message": "full", "errorDetails": list(told)},
    ]
    with pytest.raises(OperationError) as failed:
        operations.wait(_connection(lambda *_: {}), {"status": "DONE", "error": {"errors": errors}}, "x")
    assert failed.value.codes == ("QUOTA_EXCEEDED", "ZONE_RESOURCE_POOL_EXHAUSTED")
    assert str(failed.value) == (
        "Quota 'CPUS' exceeded.\n\tmetric name = compute.googleapis.com/cpus\n\tlimit name = CPUS\n\tlimit = 8\n"
        "\tdimensions = map[region:r]\nfull\n\n\nuse another zone\n\n\nd\nu\n"
    )


class _Api:
    def __init__(self, answer):
        self.answer = answer

    def call(self, service, method, *, ends, **parameters):
        return self.answer(method, parameters)


def _connection(answer, seconds=0.3):
    world = World(api=_Api(answer), speed=6000.0, project="p", region="r", zone="r-a", config={})
    return Connection(world=world, inputs={}, ends=time.monotonic() + seconds)


def test_an_operation_is_asked_for_where_it_runs():
    seen = []

    def answer(method, parameters):
        seen.append((method, parameters))
        if len(seen) == 1:
            raise ApiError(404, "notFound", "no")
        return {"status": "DONE" if len(seen) > 2 else "RUNNING"}

    for place, method in (
        ("zone", "zoneOperations.get"),
        ("region", "regionOperations.get"),
        ("", "globalOperations.get"),
    ):
        seen.clear()
        started = {"name": "o", "status": "PENDING", **({place: f"https://x/{place}s/here"} if place else {})}
        operations.wait(_connection(answer), started, "x")
        where = {place: "here"} if place else {}
        assert seen[-1] == (method, {"project": "p", "operation": "o", **where})


def test_an_operation_that_never_ends_is_given_up():
    text = "Error waiting for Creating X: timeout while waiting for state to become 'DONE' (last state: 'RUNNING')"
    with pytest.raises(CloudError) as late:
        operations.wait(_connection(lambda *_: {"status": "RUNNING"}), {"name": "o", "status": "PENDING"}, "Creating X")
    assert str(late.value) == text


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (LINK, LINK, True),
        (LINK, "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64", True),
        (LINK, "ubuntu-os-cloud/ubuntu-2404-lts-amd64", True),
        (LINK, "ubuntu-os-cloud/ubuntu-2404-lts-arm64", False),
        (LINK, "ubuntu-os-cloud/ubuntu-2404-noble-amd64-v20260906", True),
        (LINK, "ubuntu-2404-lts-amd64", True),
        (LINK, "family/ubuntu-2404-lts-amd64", True),
        (LINK, "global/images/ubuntu-2404-noble-amd64-v20260906", True),
        (LINK, "ubuntu-os-cloud/ubuntu-2204-lts", False),
        (LINK, "debian-cloud/ubuntu-2404-lts-amd64", False),
        (LINK, "ubuntu/ubuntu-2404-lts-amd64", True),
        ("a", "a", True),
        ("a", "b", False),
    ],
)
def test_images_that_are_the_same(old, new, same):
    assert images.same(old, new) is same


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("https://www.googleapis.com/compute/v1/projects/p/global/networks/n", "projects/p/global/networks/n", True),
        ("https://www.googleapis.com/compute/v1/projects/p/global/networks/n", "n", True),
        ("projects/p/global/networks/n", "projects/q/global/networks/n", False),
        ("n", "m", False),
    ],
)
def test_links_that_are_the_same(old, new, same):
    assert links.same(old, new) is same


def test_templates_that_are_the_same():
    link = "https://x/compute/v1/projects/p/global/instanceTemplates/t"
    assert group_parts.same_template(link, f"{link}?uniqueId=1")
    assert not group_parts.same_template(f"{link}?uniqueId=1", f"{link}?uniqueId=2")
    assert not group_parts.same_template(link, f"{link}2")


@pytest.mark.parametrize(
    ("value", "collection", "place", "expected"),
    [
        ("n", "networks", "global", "projects/p/global/networks/n"),
        ("projects/q/global/networks/n", "networks", "global", "projects/q/global/networks/n"),
        ("global/networks/n", "networks", "global", "projects/p/global/networks/n"),
        ("s", "subnetworks", "region", "projects/p/regions/r/subnetworks/s"),
        ("regions/x/subnetworks/s", "subnetworks", "region", "projects/p/regions/x/subnetworks/s"),
        ("https://x/compute/beta/projects/q/zones/z/disks/d", "disks", "zone", "projects/q/zones/z/disks/d"),
        ("a/b", "networks", "global", "projects/p/global/networks/b"),
        ("", "networks", "global", None),
    ],
)
def test_what_may_be_written_for_an_address(value, collection, place, expected):
    assert links.full(_connection(lambda *_: {}), collection, value, place) == expected


def test_names_and_numbers_are_translated_by_the_model():
    schemas = {
        "A": {
            "properties": {
                "networkIP": {"type": "string"},
                "sizeGb": {"type": "string", "format": "int64"},
                "inner": {"$ref": "B"},
                "labels": {"additionalProperties": {"type": "string"}},
            }
        },
        "B": {"properties": {"natIPs": {"type": "array", "items": {"type": "string"}}}},
    }
    translator = Translator(schemas)
    inputs = {"networkIp": "10.0.0.1", "sizeGb": 20, "inner": {"natIps": ["x"]}, "labels": {"a": "b"}}
    body = {"networkIP": "10.0.0.1", "sizeGb": "20", "inner": {"natIPs": ["x"]}, "labels": {"a": "b"}}
    assert translator.body("A", {**inputs, "other": None, "networkIp": "10.0.0.1"}) == body
    assert translator.outputs("A", body)["sizeGb"] == 20
    assert translator.outputs("A", body)["networkIp"] == "10.0.0.1"
    with pytest.raises(CloudError, match="the sandbox does not simulate property 'nope' here"):
        translator.body("A", {"nope": 1})
    assert [camel(each) for each in ("networkIP", "natIP", "selfLink", "diskSizeGb")] == [
        "networkIp",
        "natIp",
        "selfLink",
        "diskSizeGb",
    ]


def test_scopes_and_ranges():
    assert machines.same_scopes(["https://www.googleapis.com/auth/cloud-platform"], ["cloud-platform"])
    assert not machines.same_scopes(["cloud-platform"], ["cloud-platform", "sql"])
    assert machines.same_alias_range("10.0.0.0/24", "/24")
    assert not machines.same_alias_range("10.0.0.0/24", "10.0.0.0/25")
    assert machines.same_platform("", "AUTOMATIC")
    assert not machines.same_platform("AMD Milan", "AMD Rome")


def test_a_script_is_given_once():
    with pytest.raises(CloudError, match=r"Cannot provide both metadata_startup_script and metadata\.startup-script\."):
        machines.metadata({"metadata": {"startup-script": "a"}, "metadataStartupScript": "b"})
    found = machines.metadata({"metadata": {"b": "1", "a": "2"}, "metadataStartupScript": "c"})
    assert [each["key"] for each in found["items"]] == ["a", "b", "startup-script"]


def test_what_the_program_does_not_name_counts_only_where_the_cloud_does_not_fill_it_in():
    view = Projection({}, {"tags"}, {"tags", "nics[*].access"})
    live = {"tags": ["x"], "nics": [{"a": 1, "access": [{}], "filled": 2}], "other": 3}
    assert view.project({"nics": [{"a": 1}]}, live) == {"tags": ["x"], "nics": [{"a": 1, "access": [{}]}]}
    assert view.project({"tags": ["y", "x"]}, {"tags": ["x", "y"]}) == {"tags": ["y", "x"]}
    assert view.kept({"tags": ["y", "x"]}, {"tags": ["x", "y"]}) == {"tags": ["x", "y"]}


def test_unknown_parts_are_no_failure():
    from confkube_sandbox.providers.wire import UNKNOWN

    assert rules.exactly_one(("a", "b"), {"a": UNKNOWN}) == []
    assert rules.exactly_one(("x.a", "x.b"), {"x": UNKNOWN}) == []
    assert rules.at_least_one(("x.a", "x.b"), {"x": UNKNOWN}) == []
    assert rules.conflicts((("a", "b"),), {"a": 1, "b": UNKNOWN}) == []


class _Server(http.server.BaseHTTPRequestHandler):
    seen: list = []

    def do_GET(self):
        self.seen.append((self.path, self.headers["authorization"]))
        body = json.dumps({"name": self.path}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def served():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _Server.seen.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_clients_speak_to_the_daemon_from_many_threads(served):
    access = Access(served, "token-of-the-daemon")
    errors = []

    def ask(number):
        try:
            found = access.service("compute").networks().get(project="p", network=f"n{number}").execute()
            assert found["name"].startswith(f"/compute/v1/projects/p/global/networks/n{number}")
            access.service("iam").projects().serviceAccounts().get(name="projects/p/serviceAccounts/a").execute()
        except Exception as error:  # noqa: BLE001  what a thread raises is looked at below
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert {token for _, token in _Server.seen} == {"Bearer token-of-the-daemon"}
    paths = {path.partition("?")[0] for path, _ in _Server.seen}
    assert "/gcp/iam/v1/projects/p/serviceAccounts/a" in paths
    assert "token-of-the-daemon" not in repr(access)


def test_the_token_is_told_to_nobody_else(served):
    with pytest.raises(ValueError, match=r"https://compute.googleapis.com is not the sandbox's daemon"):
        Transport(served, "t").request("https://compute.googleapis.com/compute/v1/projects/p")
    assert _Server.seen == []
