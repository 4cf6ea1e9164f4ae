"""Pulumi mocks that keep what was registered, for tests of what a program asks for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi.runtime import mocks

from confkube import names


@dataclass
class Recorder(mocks.Mocks):
    """Answers every registration with its inputs and made-up outputs."""

    boot_mode: str = "uefi-preferred"
    image_name: str = "image-of-somebody"
    """Of an image that is looked up by its id."""
    architecture: str = "x86_64"
    account: tuple[str, str] = ("111122223333", "arn:aws:iam::111122223333:user/somebody")
    subscription: tuple[str, str] = ("11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-aaaaaaaaaaaa")
    """Subscription and tenant."""
    project_number: str = "123456789012"
    image_status: str = "READY"
    lab_lacks: str = ""
    """What keeps this computer from carrying a lab."""
    registered: list = field(default_factory=list)
    called: list = field(default_factory=list)
    """Functions that were invoked, with their arguments."""

    def new_resource(self, args):
        self.registered.append(args)
        outputs = dict(args.inputs)
        account = self.account[0] if args.typ == "aws:iam/user:User" else ""
        outputs.setdefault("arn", f"arn:aws:test::{account}:{args.name}")
        outputs.setdefault("name", args.name)
        if isinstance(outputs.get("identity"), dict) and args.typ.startswith("azure-native:"):
            # What goes in as a list of ids comes out as a mapping.
            outputs["identity"] = outputs["identity"] | {"userAssignedIdentities": {}}
        if args.inputs.get("algorithm") == "RSA":
            outputs["publicKeyPem"] = RSA_KEY
        if args.typ == COMMAND:
            outputs["stdout"] = _answer_of_the_lab(args)
        outputs |= {key: value for key, value in MADE.get(args.typ, {}).items() if outputs.get(key) is None}
        if args.typ == "gcp:compute/image:Image" and "project" in args.inputs:
            outputs["selfLink"] = outputs["selfLink"].replace("my-project", args.inputs["project"])
        return self._id(args), outputs

    def _id(self, args):
        group = args.inputs.get("resourceGroupName")
        if args.typ.startswith("azure-native:") and group:
            return f"/subscriptions/{self.subscription[0]}/resourceGroups/{group}/providers/{args.name}_id"
        return f"{args.name}_id"

    def call(self, args):  # noqa: PLR0911 - a table of answers
        self.called.append((args.token, args.args))
        match args.token:
            case "aws:index/getCallerIdentity:getCallerIdentity":
                return {"accountId": self.account[0], "arn": self.account[1], "id": self.account[0], "userId": "x"}
            case "aws:ec2/getAmi:getAmi":
                asked = {each["name"]: each["values"][0] for each in args.args["filters"]}
                return {
                    "id": asked.get("image-id", "ami-0123456789abcdef0"),
                    "name": asked.get("name", self.image_name),
                    "bootMode": self.boot_mode,
                    "architecture": self.architecture,
                    "rootDeviceName": "/dev/sda1",
                }
            case "azure-native:authorization:getClientConfig":
                subscription, tenant = self.subscription
                return {
                    "clientId": "c",
                    "objectId": "o",
                    "subscriptionId": subscription,
                    "tenantId": tenant,
                }
            case "azure-native:resources:getResourceGroup":
                return {"id": "x", "name": args.args["resourceGroupName"], "location": "westus"}
            case "gcp:organizations/getProject:getProject":
                return {"projectId": args.args["projectId"], "number": self.project_number}
            case "gcp:compute/getImage:getImage":
                place = f"projects/{args.args['project']}/global/images/{args.args['name']}"
                return {"selfLink": f"https://www.googleapis.com/compute/v1/{place}", "status": self.image_status}
            case "command:local:run":
                return self._run(args.args["command"])
            case other:
                raise AssertionError(f"unexpected function {other}")

    def _run(self, command):
        assert command == "confkube lab check --json"
        answer = {"computer": "computer-0a1b2c3d4e5f", "reason": self.lab_lacks, "requirements": []}
        return {"stdout": json.dumps(answer), "stderr": ""}

    def of_type(self, token):
        return [each for each in self.registered if each.typ == token]

    def named(self, name, token=None):
        found = [each for each in self.registered if each.name == name and token in (None, each.typ)]
        assert len(found) == 1, f"{name}: {len(found)} of {sorted(each.name for each in self.registered)}"
        return found[0].inputs


def _answer_of_the_lab(args):
    """What ``confkube lab network-up`` and ``machines-up`` print."""
    asked = json.loads(plain(args.inputs["stdin"]))
    answer = {"loopback": LOOPBACK}
    if "user_data" in asked:
        answer |= {"group_id": asked["name"], "boot_digest": names.digest(asked["user_data"]), "machines": {}}
    else:
        answer |= {"network_id": asked["name"]}
    return json.dumps(answer)


COMMAND = "command:local:Command"
LOOPBACK = "127.77.1.2"
"""Where the open ports of the lab are in tests."""
PEM = "-----BEGIN {0}-----\nTUVHQQ==\n-----END {0}-----\n"
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBtzCCAV2gAwIBAgIUUy0SGpYkpiPb3mtUuCbIV/aGTcswCgYIKoZIzj0EAwIw
MDEuMCwGA1UEAwwlcm9vdCBvZiBhIFRydXN0ZWUgdGhhdCBkb2VzIG5vdCBleGlz
dDAgFw0yNjExMjcyMDEzMzNaGA8yMTI2MTEwMzIwMTMzM1owMDEuMCwGA1UEAwwl
cm9vdCBvZiBhIFRydXN0ZWUgdGhhdCBkb2VzIG5vdCBleGlzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABD+2FqzjWp2F1WgPB3L8+4nyctoSn3RtTbgcQlKF0YcD
VsFGPessihKT4t8+sdvjf6JqAlWfXH5UN3OuhY9nF8OjUzBRMB0GA1UdDgQWBBRu
mOgCRvu/H9q/K6OYjTKCGcdOlTAfBgNVHSMEGDAWgBRumOgCRvu/H9q/K6OYjTKC
GcdOlTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIDDyaDdKxELB
KD3LOZN6fAHDzxnz+7KI0PAwjIJwNRG4AiEA8fIadvM5c6NDhQIUJunqK2s2NuyN
UFz/Il8ZTOgIa7k=
-----END CERTIFICATE-----
"""
"""A certificate that is one, for what users give."""
RSA_KEY = """\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuQfEDZMwU9nvA3SQXeRn
fHt3sUGSKQWTntvSXsiM7dAxzDYsTJV3ISmn29nLRVdpG618oMYT8Gw5fP+BJecq
8E8+Ek1kQnstrJVjKMqSegpKl+4Y52O2Yp49mDte/OloUBasou2LCgejMH8TP5Ay
lNnxXA7ZAgtlWnH15rm5sF0G5y1xKZdo15iyOWKRYVwVxdSEhaK87p56uZ15ETBU
/Yeg8GaWRW+Cuu1Bvw11BwS81+Sl7WloWk6fmmd3ODZ50mkeFsx88W7F4Hm0L55Q
wGutMVmnvajLJe1PPtUtEAb4PfL3aSAP1L1QNgfOaHRNk+IFdzCaGCHktcDkkKCo
+wIDAQAB
-----END PUBLIC KEY-----
"""
MADE: Mapping[str, Mapping[str, object]] = {
    "tls:index/privateKey:PrivateKey": {
        "privateKeyPem": PEM.format("EC PRIVATE KEY"),
        "publicKeyPem": PEM.format("PUBLIC KEY"),
        "publicKeyOpenssh": "ssh-rsa TUVHQQ==\n",
    },
    "tls:index/selfSignedCert:SelfSignedCert": {
        "certPem": PEM.format("CERTIFICATE"),
        "validityStartTime": "2026-11-24T09:00:00.123456789+09:00",
    },
    "tls:index/certRequest:CertRequest": {"certRequestPem": PEM.format("CERTIFICATE REQUEST")},
    "tls:index/locallySignedCert:LocallySignedCert": {"certPem": PEM.format("CERTIFICATE")},
    "random:index/randomId:RandomId": {"hex": "0a1b2c3d"},
    "random:index/randomString:RandomString": {"result": "abc123"},
    "random:index/randomPassword:RandomPassword": {"result": "0123456789abcdef"},
    "aws:ec2/launchTemplate:LaunchTemplate": {"latestVersion": 1},
    "aws:iam/accessKey:AccessKey": {"secret": "hush"},
    "aws:ec2/networkInterface:NetworkInterface": {"privateIp": "10.20.128.10"},
    "aws:secretsmanager/secretVersion:SecretVersion": {"secretArn": "arn:aws:secretsmanager:us-east-2:1:secret:x"},
    "azure-native:network:PublicIPAddress": {"ipAddress": "198.51.100.7"},
    "azure-native:managedidentity:UserAssignedIdentity": {
        "principalId": "11111111-0000-0000-0000-000000000000",
        "clientId": "22222222-0000-0000-0000-000000000000",
    },
    "azure-native:storage:StorageAccount": {"primaryEndpoints": {"blob": "https://account.blob.core.windows.net/"}},
    "gcp:compute/address:Address": {"address": "198.51.100.7"},
    "gcp:compute/image:Image": {
        "guestOsFeatures": [{"type": each} for each in ("UEFI_COMPATIBLE", "GVNIC", "SEV_SNP_CAPABLE", "TDX_CAPABLE")],
        "selfLink": "https://www.googleapis.com/compute/v1/projects/my-project/global/images/podvm",
    },
    "gcp:serviceaccount/key:Key": {"privateKey": "eyJ0eXBlIjogInNlcnZpY2VfYWNjb3VudCJ9"},
    "gcp:serviceaccount/account:Account": {"email": "machine@my-project.iam.gserviceaccount.com"},
    "gcp:compute/instanceTemplate:InstanceTemplate": {"selfLinkUnique": "projects/my-project/global/t?uniqueId=1"},
    "aws:ec2/eip:Eip": {"publicIp": "198.51.100.7", "allocationId": "eipalloc-1"},
}


SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


def plain(value):
    """The value of a property, also of one that was registered as a secret."""
    return value["value"] if isinstance(value, dict) and value.get(SIGNATURE) == SECRET else value


def run(program, *, stack="test", project="confkube", recorder=None):
    """Run ``program`` under the mocks; returns the recorder and the plain values of what the program returned."""
    recorder = recorder or Recorder()
    mocks.set_mocks(recorder, project=project, stack=stack, preview=False)
    values = {}

    @pulumi.runtime.test
    def case():
        return pulumi.Output.all(**(program() or {})).apply(values.update)

    case()
    return recorder, values
