// Package traffic produces steady mixed traffic against one address and tallies what became of each request.
// It is open-loop: requests are sent when they are due, no matter how long earlier ones take, as independent users would.
package traffic

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ingressfleet.io/e2e/load/internal/tally"
	"ingressfleet.io/e2e/load/internal/wire"
)

// Kinds of traffic. The first group has a rate, the second a number of connections that live as long as the run.
const (
	HTTPNew   = "http-new"   // a new connection for each request
	HTTPKeep  = "http-keep"  // kept-alive connections
	HTTPSNew  = "https-new"  // a full TLS handshake for each request
	HTTPSKeep = "https-keep" // kept-alive TLS connections
	HTTP2     = "h2"         // multiplexed over TLS

	WebSockets       = "ws"  // a message every so often, each answered
	SecureWebSockets = "wss" // the same over TLS
	Streams          = "stream"
)

var (
	RatedKinds = []string{HTTPNew, HTTPKeep, HTTPSNew, HTTPSKeep, HTTP2}
	HeldKinds  = []string{WebSockets, SecureWebSockets, Streams}
)

// Plan is what to send where, and what to expect.
type Plan struct {
	Connect, Source     string
	Ports               *wire.SourcePorts
	HTTPPort, HTTPSPort int
	Hosts               []string // taken in turn
	Path                string
	Expect              []string       // names of applications that may answer; empty = any
	Mix                 map[string]int // kind → requests per second, or connections held
	Timeout             time.Duration  // of a request, a handshake, the answer to a message, the next line of a stream
	Connections         int            // kept-alive connections per kind
	MessageInterval     time.Duration
	StreamSeconds       int
	MaxInFlight         int
}

// ParseMix reads "http-new=100,ws=10".
func ParseMix(text string) (map[string]int, error) {
	mix := map[string]int{}
	for _, word := range strings.Split(text, ",") {
		kind, amount, _ := strings.Cut(strings.TrimSpace(word), "=")
		if !slices.Contains(RatedKinds, kind) && !slices.Contains(HeldKinds, kind) {
			return nil, fmt.Errorf("mix %q: kinds are %s and %s", word, strings.Join(RatedKinds, ", "), strings.Join(HeldKinds, ", "))
		}
		number, err := strconv.Atoi(amount)
		if err != nil || number < 0 {
			return nil, fmt.Errorf("mix %q: a number ≥ 0 is missing", word)
		}
		if number > 0 {
			mix[kind] = number
		}
	}
	return mix, nil
}

func (p *Plan) target(secured bool, host string, protocols ...string) wire.Target {
	target := wire.Target{Connect: p.Connect, Source: p.Source, Ports: p.Ports, Port: p.HTTPPort}
	if secured {
		target.Port, target.TLS, target.SNI, target.Protocols = p.HTTPSPort, true, host, protocols
	}
	return target
}

func (p *Plan) host(number int) string { return p.Hosts[number%len(p.Hosts)] }

// Run sends until ctx ends, then waits for what is on its way.
func Run(ctx context.Context, plan *Plan, results *tally.Tally) {
	var all group
	for kind, amount := range plan.Mix {
		results.Declare(kind)
		switch kind {
		case WebSockets, SecureWebSockets:
			for number := range amount {
				all.start(func() { holdWebSocket(ctx, plan, results, kind, number) })
			}
		case Streams:
			for number := range amount {
				all.start(func() { holdStream(ctx, plan, results, number) })
			}
		default:
			all.start(func() { sendAtRate(ctx, plan, results, kind, amount) })
		}
	}
	all.Wait()
}

// sendAtRate sends request n at start + n/rate.
func sendAtRate(ctx context.Context, plan *Plan, results *tally.Tally, kind string, rate int) {
	sender := newSender(plan, results, kind)
	defer sender.close()
	slots := make(chan struct{}, plan.MaxInFlight)
	start := time.Now()
	var onTheirWay group
	defer onTheirWay.Wait()
	for number := 0; ; number++ {
		due := start.Add(time.Duration(float64(number) / float64(rate) * float64(time.Second)))
		if !sleepUntil(ctx, due) {
			return
		}
		select {
		case slots <- struct{}{}:
		default:
			results.Skip(kind)
			continue
		}
		onTheirWay.start(func() {
			defer func() { <-slots }()
			results.Add(sender.send(number, due))
		})
	}
}

// group is a set of goroutines to wait for.
type group struct{ sync.WaitGroup }

func (g *group) start(run func()) {
	g.Add(1)
	go func() {
		defer g.Done()
		run()
	}()
}

func sleepUntil(ctx context.Context, due time.Time) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
