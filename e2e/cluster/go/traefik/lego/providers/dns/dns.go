// Package dns stands in for lego's package of that name, which knows 200 DNS providers and brings the libraries of most clouds. Traefik asks
// it for one when it obtains certificates itself; ours come from Secrets. The other packages are lego's own, see filled_up in components.py.
package dns

import (
	"fmt"

	"github.com/go-acme/lego/v5/challenge"
)

// NewDNSChallengeProviderByName knows none.
func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	return nil, fmt.Errorf("built without DNS provider %q", name)
}
