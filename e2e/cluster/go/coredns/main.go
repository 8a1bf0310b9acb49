// Command coredns is CoreDNS with only the plugins that a cluster's DNS needs. The stock main links every plugin, among them the
// clients of three clouds, and takes minutes to compile.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

func main() {
	// The order in which a request passes the plugins, as upstream orders them.
	dnsserver.Directives = []string{
		"reload", "health", "ready", "prometheus", "errors", "cache", "hosts", "kubernetes", "forward",
	}
	coremain.Run()
}
