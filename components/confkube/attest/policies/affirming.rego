# A resource is for every machine that the attestation service affirms as a whole.
# The trust server asks for data.policy.allow alone; what a policy calls otherwise is never looked at.
package policy

import rego.v1

default allow := false

allow if {
	is_object(input.submods)
	count(input.submods) > 0
	not doubtful
}

doubtful if {
	some submod in input.submods
	not submod["ear.status"] == "affirming"
}

# The sample attester is software: it can claim anything.
doubtful if {
	some submod in input.submods
	submod["ear.veraison.annotated-evidence"].sample
}
