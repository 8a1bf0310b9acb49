package traffic

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"ingressfleet.io/e2e/load/internal/tally"
	"ingressfleet.io/e2e/load/internal/wire"
)

// sender sends single requests of one kind.
type sender interface {
	send(number int, due time.Time) tally.Outcome
	close()
}

func newSender(plan *Plan, results *tally.Tally, kind string) sender {
	common := base{plan, results, kind, kind == HTTPSNew || kind == HTTPSKeep}
	switch kind {
	case HTTPNew, HTTPSNew:
		return &newConnections{common}
	case HTTPKeep, HTTPSKeep:
		return &keptConnections{base: common, idle: make(chan *wire.Connection, plan.Connections)}
	default:
		return newMultiplexed(common)
	}
}

type base struct {
	plan    *Plan
	results *tally.Tally
	kind    string
	secured bool
}

func (b *base) open(ctx context.Context, host string) (*wire.Connection, error) {
	connection, err := wire.Open(ctx, b.plan.target(b.secured, host, "http/1.1"))
	if err == nil {
		b.results.Opened(b.kind)
	}
	return connection, err
}

func (b *base) outcome(due time.Time) tally.Outcome { return tally.Outcome{Kind: b.kind, Due: due} }

// exchange sends a request over an open connection and judges the answer; it says whether the connection can carry another one.
func (b *base) exchange(ctx context.Context, connection *wire.Connection, request wire.Request, outcome *tally.Outcome) (reusable bool) {
	outcome.Reused = connection.Used > 0
	response, err := connection.Send(ctx, request)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	if err != nil {
		fail(outcome, err)
		return false
	}
	judge(outcome, response, b.plan.Expect)
	return !response.Close
}

func fail(outcome *tally.Outcome, err error) {
	outcome.Ended = time.Now()
	outcome.Reason = wire.Reason(err)
	outcome.Detail = err.Error()
}

// judge decides by the header in which the application names itself: an answer without it was made by the ingress, whatever its status.
func judge(outcome *tally.Outcome, response *http.Response, expected []string) {
	outcome.Ended = time.Now()
	outcome.Status = response.StatusCode
	outcome.App = response.Header.Get(wire.HeaderApp)
	outcome.Pod = response.Header.Get(wire.HeaderPod)
	outcome.Version = response.Header.Get(wire.HeaderVersion)
	switch {
	case outcome.App == "":
		outcome.Reason = fmt.Sprintf("ingress-answered-%d", response.StatusCode)
		outcome.Detail = fmt.Sprintf("status %d, not by an application; headers %v", response.StatusCode, response.Header)
	case len(expected) > 0 && !slices.Contains(expected, outcome.App):
		outcome.Reason = "wrong-backend"
		outcome.Detail = fmt.Sprintf("answered by %s (pod %s), expected %v", outcome.App, outcome.Pod, expected)
	}
}

// --- a connection per request ---------------------------------------------------------------------------------------

type newConnections struct{ base }

func (s *newConnections) close() {}

func (s *newConnections) send(number int, due time.Time) tally.Outcome {
	ctx, cancel := context.WithTimeout(context.Background(), s.plan.Timeout)
	defer cancel()
	outcome, host := s.outcome(due), s.plan.host(number)
	connection, err := s.open(ctx, host)
	if err != nil {
		fail(&outcome, err)
		return outcome
	}
	defer connection.AwaitClose()
	s.exchange(ctx, connection, wire.Request{Host: host, Path: s.plan.Path, Close: true}, &outcome)
	return outcome
}

// --- kept-alive connections -----------------------------------------------------------------------------------------

// keptConnections opens plan.Connections connections first and then uses them in turn; more only while all are busy.
type keptConnections struct {
	base
	idle   chan *wire.Connection
	opened atomic.Int64
}

func (s *keptConnections) send(number int, due time.Time) tally.Outcome {
	ctx, cancel := context.WithTimeout(context.Background(), s.plan.Timeout)
	defer cancel()
	outcome, host := s.outcome(due), s.plan.host(number)
	connection, err := s.take(ctx, host)
	if err != nil {
		fail(&outcome, err)
		return outcome
	}
	if !s.exchange(ctx, connection, wire.Request{Host: host, Path: s.plan.Path}, &outcome) {
		s.drop(connection)
		return outcome
	}
	select {
	case s.idle <- connection:
	default:
		s.drop(connection)
	}
	return outcome
}

func (s *keptConnections) take(ctx context.Context, host string) (*wire.Connection, error) {
	for s.opened.Load() >= int64(cap(s.idle)) {
		select {
		case connection := <-s.idle:
			// Closing an idle connection is the far side's right. One that dies after the request was written is a failure.
			if !wire.Stale(connection.Conn) {
				return connection, nil
			}
			s.results.Reopened(s.kind)
			s.drop(connection)
			continue
		default:
		}
		break
	}
	s.opened.Add(1)
	connection, err := s.open(ctx, host)
	if err != nil {
		s.opened.Add(-1)
	}
	return connection, err
}

func (s *keptConnections) drop(connection *wire.Connection) {
	s.opened.Add(-1)
	connection.Close()
}

func (s *keptConnections) close() {
	for {
		select {
		case connection := <-s.idle:
			connection.Close()
		default:
			return
		}
	}
}

// --- HTTP/2 ---------------------------------------------------------------------------------------------------------

// multiplexed spreads requests over a few HTTP/2 connections. net/http repeats a request only when a GOAWAY or a refused stream says that it was
// not processed, which is what the protocol promises to clients; anything else is a failure.
type multiplexed struct {
	base
	transports []*http.Transport
}

const http2Connections = 4

func newMultiplexed(common base) *multiplexed {
	s := &multiplexed{base: common}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	for range min(http2Connections, common.plan.Connections) {
		s.transports = append(s.transports, &http.Transport{
			Protocols:       protocols,
			TLSClientConfig: wire.TLSConfig(wire.Target{SNI: common.plan.host(0), Protocols: []string{"h2"}}),
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				connection, err := wire.Dial(ctx, common.plan.plainTLSPort())
				if err == nil {
					common.results.Opened(common.kind)
				}
				return connection, err
			},
		})
	}
	return s
}

// plainTLSPort is the HTTPS port without the handshake: net/http does that.
func (p *Plan) plainTLSPort() wire.Target {
	return wire.Target{Connect: p.Connect, Source: p.Source, Ports: p.Ports, Port: p.HTTPSPort}
}

func (s *multiplexed) send(number int, due time.Time) tally.Outcome {
	ctx, cancel := context.WithTimeout(context.Background(), s.plan.Timeout)
	defer cancel()
	outcome, host := s.outcome(due), s.plan.host(number)
	// One authority for the connection, so that all hosts share it; the Host field becomes :authority.
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+s.plan.host(0)+s.plan.Path, nil)
	if err != nil {
		fail(&outcome, err)
		return outcome
	}
	request.Host = host
	response, err := s.transports[number%len(s.transports)].RoundTrip(request)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	if err != nil {
		fail(&outcome, err)
		return outcome
	}
	judge(&outcome, response, s.plan.Expect)
	if outcome.Reason == "" && response.ProtoMajor != 2 {
		outcome.Reason, outcome.Detail = "wrong-protocol", response.Proto
	}
	return outcome
}

func (s *multiplexed) close() {
	for _, transport := range s.transports {
		transport.CloseIdleConnections()
	}
}
