# What the host may ask of the agent in a pod's machine: to run the pod, and not to look or write into it.
# Refused beside what is not named: commands in a container, its terminal and output, a new policy, swap, tracing.
# It does not say which images and commands the pod may have: for that, take a policy made by genpolicy from the pod.
# Rego version 0, as the agent reads it (kata-containers 4.1, src/agent/policy).
package agent_policy

import future.keywords.if
import future.keywords.in

default AddARPNeighborsRequest := true

default CloseStdinRequest := true

default CreateContainerRequest := true

default DestroySandboxRequest := true

default GetMetricsRequest := true

default GetOOMEventRequest := true

default GuestDetailsRequest := true

default ListInterfacesRequest := true

default ListRoutesRequest := true

default OnlineCPUMemRequest := true

default PauseContainerRequest := true

default PullImageRequest := true

default RemoveContainerRequest := true

default RemoveStaleVirtiofsShareMountsRequest := true

default ReseedRandomDevRequest := true

default ResumeContainerRequest := true

default SignalProcessRequest := true

default StartContainerRequest := true

default StatsContainerRequest := true

default TtyWinResizeRequest := true

default UpdateContainerRequest := true

default UpdateInterfaceRequest := true

default UpdateRoutesRequest := true

default WaitProcessRequest := true

default AddSwapRequest := false

default CopyFileRequest := false

default CreateSandboxRequest := false

default ExecProcessRequest := false

default GetDiagnosticDataRequest := false

default MemAgentCompactConfig := false

default MemAgentMemcgConfig := false

default MemHotplugByProbeRequest := false

default ReadStreamRequest := false

default SetGuestDateTimeRequest := false

default SetPolicyRequest := false

default StartTracingRequest := false

default StopTracingRequest := false

default UpdateEphemeralMountsRequest := false

default WriteStreamRequest := false

# No hook of the host's runs in the machine, and no module of its choice is loaded.
CreateSandboxRequest if {
	count(input.guest_hook_path) == 0
	count(input.kernel_modules) == 0
}

# Without a shared file system the host hands in name resolution, secrets and configuration maps as files:
# only where containers take them from, and never by a path or a link that leads elsewhere.
CopyFileRequest if {
	input.file_type in ["Regular", "Directory"]
	shared(input.path)
}

CopyFileRequest if {
	input.file_type == "Symlink"
	shared(input.path)
	is_string(input.symlink_target)
	not startswith(input.symlink_target, "/")
	not upwards(input.symlink_target)
	regex.match("^/run/kata-containers/shared/containers/[^/]+/.*[^/]$", input.path)
}

shared(path) if {
	regex.match("^/run/kata-containers/shared/containers/[^/]", path)
	not upwards(path)
}

upwards(path) if regex.match("(^|/)[.][.](/|$)", path)
