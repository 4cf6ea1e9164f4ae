# For debugging alone: the host may do everything in a pod's machine, also run commands and read what is in it.
# Rego version 0, as the agent reads it (kata-containers 4.1, src/agent/policy).
package agent_policy

$rules
