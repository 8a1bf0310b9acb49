package wire

import (
	"sync/atomic"
	"time"
)

// Below the ports that Linux chooses from (32768 to 60999), so that others who ask from the same address are never in the way.
const (
	firstPort = 1024
	portCount = 32768 - firstPort
	perSecond = 100 // more connections than a load opens in a second
)

// SourcePorts gives every connection of a run a port of its own. Nodes remember the connections of dead pods for minutes (conntrack), and who gets the
// port of such a connection from Linux, which is a matter of luck, is sent where nobody is, long after the loss that is to be counted. Safe for concurrent use.
type SourcePorts struct{ taken atomic.Uint32 }

// NewSourcePorts begins where the time is, so that a run comes to the ports of one before it no sooner than after five minutes.
func NewSourcePorts() *SourcePorts {
	ports := &SourcePorts{}
	ports.taken.Store(uint32(time.Now().UnixMilli() * perSecond / 1000 % portCount))
	return ports
}

// next comes back to a port after 31,744 others. nil leaves the choice to Linux.
func (p *SourcePorts) next() uint16 {
	if p == nil {
		return 0
	}
	return uint16(firstPort + p.taken.Add(1)%portCount)
}
