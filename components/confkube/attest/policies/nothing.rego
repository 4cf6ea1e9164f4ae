# Nothing is released: for a trust server whose tokens go to a relying party of its own.
package policy

import rego.v1

default allow := false
