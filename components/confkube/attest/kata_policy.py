"""Policies of the Kata agent: what the host, which is not trusted, may ask of the agent in a pod's machine.

Source: src/kata-opa/allow-all.rego, src/agent/policy and src/tools/genpolicy/rules.rego of
github.com/kata-containers/kata-containers at 7c6ba40c (4.1.0), read 2026-11-27.
"""

import re
from pathlib import Path
from string import Template

from confkube.errors import Refusal

_FOLDER = Path(__file__).parent / "policies"
_PACKAGE = re.compile(r"^[ \t]*package[ \t]+agent_policy[ \t]*(#.*)?$", re.MULTILINE)
_COMMENT = re.compile(r"#.*")
_OPEN = re.compile(
    r"^[ \t]*default[ \t]+(SetPolicyRequest|AllowRequestsFailingPolicy)[ \t]*:?=[ \t]*true\b", re.MULTILINE
)
_FAILING = re.compile(r"^[ \t]*AllowRequestsFailingPolicy\b", re.MULTILINE)

REQUESTS = (
    "AddARPNeighborsRequest",
    "AddSwapRequest",
    "CloseStdinRequest",
    "CopyFileRequest",
    "CreateContainerRequest",
    "CreateSandboxRequest",
    "DestroySandboxRequest",
    "ExecProcessRequest",
    "GetDiagnosticDataRequest",
    "GetMetricsRequest",
    "GetOOMEventRequest",
    "GuestDetailsRequest",
    "ListInterfacesRequest",
    "ListRoutesRequest",
    "MemAgentCompactConfig",
    "MemAgentMemcgConfig",
    "MemHotplugByProbeRequest",
    "OnlineCPUMemRequest",
    "PauseContainerRequest",
    "PullImageRequest",
    "ReadStreamRequest",
    "RemoveContainerRequest",
    "RemoveStaleVirtiofsShareMountsRequest",
    "ReseedRandomDevRequest",
    "ResumeContainerRequest",
    "SetGuestDateTimeRequest",
    "SetPolicyRequest",
    "SignalProcessRequest",
    "StartContainerRequest",
    "StartTracingRequest",
    "StatsContainerRequest",
    "StopTracingRequest",
    "TtyWinResizeRequest",
    "UpdateContainerRequest",
    "UpdateEphemeralMountsRequest",
    "UpdateInterfaceRequest",
    "UpdateRoutesRequest",
    "WaitProcessRequest",
    "WriteStreamRequest",
)
"""All that an agent of 4.1 asks its policy about; it refuses what a policy does not name."""

_LOGS = "default ReadStreamRequest := "


def hardened(*, logs: bool = False) -> str:
    """Return the baseline: the host may run the pod, and neither look nor write into it.

    It does not bound which images and commands a pod has; see ``checked`` for a policy that genpolicy made.

    Args:
        logs: Whether the host may read what containers print: then ``kubectl logs`` works, and the host sees it all.
    """
    text = (_FOLDER / "agent_hardened.rego").read_text(encoding="ascii")
    return text.replace(f"{_LOGS}false", f"{_LOGS}true") if logs else text


def allow_all_for_debugging() -> str:
    """Return the policy that lets the host do everything: nothing in a pod is kept from it."""
    rules = "\n\n".join(f"default {request} := true" for request in REQUESTS)
    return Template((_FOLDER / "agent_allow_all.rego").read_text(encoding="ascii")).substitute(rules=rules)


def checked(text: str) -> str:
    """Refuse a policy of a user's, for example one that genpolicy made, that the agent would not keep to.

    Raises:
        Refusal: It is in another package, or lets itself be replaced or failed.
    """
    if not _PACKAGE.search(text):
        raise Refusal("agent policy: it is not in package agent_policy, so the agent would refuse every request")
    code = _COMMENT.sub("", text)
    found = _OPEN.search(code) or _FAILING.search(code)
    if found:
        raise Refusal(f"agent policy: {found[0].strip()!r} lets the host get around it; take it out")
    return text
