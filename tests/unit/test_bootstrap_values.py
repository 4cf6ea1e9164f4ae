"""Values of boot text: what is refused, in one line, and that whatever is accepted survives the way to the machine."""

import json
import shlex
from contextlib import suppress
from datetime import timedelta

import pytest
import yaml
from boot import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confkube import bootstrap
from confkube.bootstrap import Taint, TrustAgent, checks
from confkube.bootstrap.document import written
from confkube.errors import Refusal

NAMES = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
VALUES = st.from_regex(r"\A([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?\Z")
LABELS = st.dictionaries(
    st.builds("{}.example.org/{}".format, NAMES.filter(lambda n: len(n) < 40), VALUES.filter(bool)), VALUES, max_size=10
)
ROOM = samples.profile(user_data_limit=10**6)
relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def kubeadm_documents(text):
    return list(yaml.safe_load_all(next(f.text for f in written(text) if f.path.endswith("kubeadm.yaml"))))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: samples.control_plane(cluster_id="Demo"), "cluster_id: 'Demo' is not a name of 1 to 63 lower-case"),
        (lambda: samples.control_plane(cluster_id="d" * 64), "is not a name of 1 to 63"),
        (lambda: samples.control_plane(node_name="a_b"), "node_name: 'a_b' is not a name of 1 to 63"),
        (lambda: samples.control_plane(private_ip="10.0.0"), "private_ip: '10.0.0' is not an IP address"),
        (lambda: samples.control_plane(api_port=0), "api_port: 0 is not a port; choose one of 1 to 65535"),
        (lambda: samples.control_plane(pod_cidr="10.0.0.1/8"), "pod_cidr: '10.0.0.1/8' is not a network"),
        (lambda: samples.control_plane(service_cidr="banana"), "service_cidr: 'banana' is not a network"),
        (lambda: samples.control_plane(cert_sans=("a b",)), "cert_sans: 'a b' is neither an IP address nor"),
        (lambda: samples.control_plane(cert_sans=("1.2.3",)), "cert_sans: '1.2.3' is neither"),
        (lambda: samples.control_plane(secret_name="a b"), "secret_name: 'a b' is empty or holds spaces"),
        (lambda: samples.control_plane(token_ttl=timedelta(0)), "token_ttl: 0:00:00 is too short"),
        (lambda: samples.control_plane(ca_certificate_pem="x"), "must hold PEM certificates and nothing else"),
        (lambda: samples.control_plane(addons=(samples.addon(), samples.addon())), "each name may occur once"),
        (lambda: samples.addon(sha256="abc"), "sha256: 'abc' is not a sha256 of 64"),
        (lambda: samples.addon(url="http://x/y.tgz"), "'http' is not known; choose one of https, oci"),
        (lambda: samples.addon(url="https://x/a b"), "is not an address; choose one of https://…, oci://…"),
        (lambda: samples.addon(version="1 2"), "version: '1 2' is not a plain word"),
        (lambda: samples.addon(values={"a": {1, 2}}), "values: not plain data"),
        (lambda: samples.worker(api_endpoint="10.0.0.1"), "is not of the form host:port, such as 10.0.0.4:6443"),
        (lambda: samples.worker(api_endpoint="10.0.0.1:99999"), "99999 is not a port"),
        (lambda: samples.worker(ca_hash="md5:1"), "ca_hash: 'md5:1' is not sha256: followed by"),
        (lambda: samples.worker(node_labels={"kubernetes.io/x": "y"}), "is reserved, a kubelet may not set it"),
        (lambda: samples.worker(node_labels={"a b": "y"}), "'a b' is not a name of 1 to 63"),
        (lambda: samples.worker(node_labels={"a": "y,b=c"}), "'y,b=c' of 'a' is not empty or 1 to 63"),
        (lambda: Taint(key="a", effect="Never"), "'Never' is not known; choose one of NoExecute, NoSchedule"),
        (lambda: Taint(key="a/b/c"), "taint key prefix: 'a/b' is not a lower-case DNS name"),
        (lambda: TrustAgent(server_address="-", trust_domain="a", root_pem=samples.CERTIFICATE), "neither an IP"),
        (lambda: samples.trust_server(trust_domain="UPPER"), "trust_domain: 'UPPER' is not 1 to 255 lower-case"),
        (lambda: samples.profile(metadata_address="x"), "metadata address: 'x' is not an IP address"),
        (lambda: samples.profile(secret_address="x"), "does not contain {name}"),
        (lambda: samples.profile(fetch_secret="echo"), "does not start with #!/"),
        (lambda: samples.profile(node_attestor_agent={"nam": "x"}), "choose one of command, data, name, sha256"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(Refusal) as refused:
        make()
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value)[0].islower()


def test_a_malformed_token_is_not_shown():
    with pytest.raises(Refusal) as refused:
        samples.worker(token="not-a-token-but-secret")
    assert "not-a-token" not in str(refused.value)


def test_a_private_key_is_no_certificate():
    _, key = samples.authority(samples.elliptic())
    for text in (key, samples.CERTIFICATE + key):
        with pytest.raises(Refusal, match="must hold PEM certificates and nothing else"):
            samples.control_plane(ca_certificate_pem=text)


def test_labels_that_a_kubelet_may_set():
    assert samples.worker(node_labels={"node.kubernetes.io/exclude": "", "confkube.dev/tee": "snp"})
    assert samples.worker(node_labels={}).label_argument == ""


@relaxed
@given(name=NAMES, labels=LABELS, taints=st.lists(st.builds(Taint, key=NAMES, value=VALUES), max_size=3))
def test_names_labels_and_taints_survive(name, labels, taints):
    text = bootstrap.worker(
        samples.worker(cluster_id=name, pool=name, node_labels=labels, taints=tuple(taints), profile=ROOM)
    )
    (join,) = kubeadm_documents(text)
    registration = join["nodeRegistration"]
    (given_labels,) = [arg["value"] for arg in registration["kubeletExtraArgs"] if arg["name"] == "node-labels"]
    assert dict(pair.split("=") for pair in given_labels.split(",") if pair) == labels
    assert [(taint["key"], taint["value"]) for taint in registration["taints"]] == [(t.key, t.value) for t in taints]


@relaxed
@given(secret=st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1, max_size=80))
def test_any_secret_name_survives_the_shell(secret):
    text = bootstrap.control_plane(samples.control_plane(secret_name=secret, profile=ROOM))
    environment = next(file.text for file in written(text) if file.path == "/etc/confkube/node.env")
    assert f"SECRET_ADDRESS=us-east-2/{secret}" in shlex.split(environment)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@relaxed
@given(values=st.dictionaries(st.text(max_size=10), PLAIN, max_size=4))
def test_addon_values_survive_or_are_refused(values):
    boot = samples.control_plane(addons=(samples.addon("x", values=values),), profile=ROOM)
    text = bootstrap.control_plane(boot)
    assert yaml.safe_load(next(file.text for file in written(text) if file.path.endswith("/addons/x.yaml"))) == values


@relaxed
@given(size=st.integers(0, 40000))
def test_the_size_decides(size):
    part = "#!/bin/sh\n" + "x" * size
    whole = len(bootstrap.worker(samples.worker(extra_user_data=(part,), profile=ROOM)))
    if whole <= samples.AWS_LIMIT:
        assert len(bootstrap.worker(samples.worker(extra_user_data=(part,)))) == whole
    else:
        with pytest.raises(Refusal, match=f"{whole} bytes are more than the {samples.AWS_LIMIT} that aws takes"):
            bootstrap.worker(samples.worker(extra_user_data=(part,)))


@given(st.text(max_size=80))
def test_checks_refuse_or_return(text):
    for check in (checks.dns_label, checks.dns_name, checks.host, checks.word, checks.endpoint, checks.token):
        with suppress(Refusal):
            assert check("x", text)


def test_json_is_the_yaml_of_the_templates():
    odd = 'a "quoted" \\ value: #x'
    assert yaml.safe_load(json.dumps(odd)) == odd
