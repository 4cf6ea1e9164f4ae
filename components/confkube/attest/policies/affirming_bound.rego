# A resource is for every machine that the attestation service affirms as a whole, and that was started with one of
# the initdata documents below. The claim init_data is the field of the hardware's evidence that the digest is bound to:
# HOST_DATA (SEV-SNP), MRCONFIGID (TDX), or PCR 8 where a vTPM vouches; hexadecimal in each case.
# The trust server asks for data.policy.allow alone; what a policy calls otherwise is never looked at.
package policy

import rego.v1

default allow := false

wanted := $wanted

allow if {
	is_object(input.submods)
	count(input.submods) > 0
	not doubtful
	input.submods.cpu0["ear.veraison.annotated-evidence"].init_data in wanted
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
