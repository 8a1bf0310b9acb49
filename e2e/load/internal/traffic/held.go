package traffic

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"ingressfleet.io/e2e/load/internal/tally"
	"ingressfleet.io/e2e/load/internal/wire"
)

// How the application's stream says goodbye.
const (
	streamEnd     = "end"
	streamLeaving = "leaving"
	reopenDelay   = 200 * time.Millisecond // after a failure; without it a dead ingress would be counted thousands of times a second
)

// hold keeps one connection after the other until ctx ends.
func hold(ctx context.Context, once func() (failed bool)) {
	for ctx.Err() == nil {
		if once() {
			sleepUntil(ctx, time.Now().Add(reopenDelay))
		}
	}
}

// --- WebSocket ------------------------------------------------------------------------------------------------------

func holdWebSocket(ctx context.Context, plan *Plan, results *tally.Tally, kind string, number int) {
	hold(ctx, func() bool {
		socket, failure := openWebSocket(plan, kind, number)
		if failure != nil {
			results.Add(*failure)
			return true
		}
		defer socket.Close()
		results.Opened(kind)
		return talk(ctx, plan, results, kind, socket)
	})
}

func openWebSocket(plan *Plan, kind string, number int) (*wire.WebSocket, *tally.Outcome) {
	ctx, cancel := context.WithTimeout(context.Background(), plan.Timeout)
	defer cancel()
	outcome := tally.Outcome{Kind: kind, Due: time.Now()}
	host := plan.host(number)
	socket, err := wire.OpenWebSocket(ctx, plan.target(kind == SecureWebSockets, host, "http/1.1"), host, "/ws")
	var unexpected *wire.UnexpectedStatus
	if errors.As(err, &unexpected) {
		outcome.Detail = err.Error()
		if judge(&outcome, unexpected.Response, plan.Expect); outcome.Reason == "" {
			outcome.Reason = "no-upgrade"
		}
		return nil, &outcome
	}
	if err != nil {
		fail(&outcome, err)
		return nil, &outcome
	}
	return socket, nil
}

// talk sends a message every interval and expects it back, until the run or the connection ends.
func talk(ctx context.Context, plan *Plan, results *tally.Tally, kind string, socket *wire.WebSocket) (failed bool) {
	next := time.Now()
	for number := 0; ; number++ {
		if !sleepUntil(ctx, next) {
			if wire.Stale(socket.Conn) {
				// Something came that nobody asked for: a goodbye, or the end.
				return endedBadly(results, socket, tally.Outcome{Kind: kind, Due: time.Now()}, readGoodbye(socket))
			}
			socket.WriteMessage(wire.OpClose, []byte{0x03, 0xE8})
			results.OpenAtEnd(kind)
			return false
		}
		outcome := tally.Outcome{Kind: kind, Due: next, Reused: number > 0}
		next = next.Add(plan.MessageInterval)
		socket.SetDeadline(time.Now().Add(plan.Timeout))
		message := fmt.Sprintf("message %d", number)
		err := socket.WriteMessage(wire.OpText, []byte(message))
		if err == nil {
			err = readEcho(socket, message)
		}
		if err != nil {
			return endedBadly(results, socket, outcome, err)
		}
		outcome.Ended = time.Now()
		outcome.App = socket.Header.Get(wire.HeaderApp)
		outcome.Pod = socket.Header.Get(wire.HeaderPod)
		outcome.Version = socket.Header.Get(wire.HeaderVersion)
		results.Add(outcome)
	}
}

var errGoodbye = errors.New("the application said goodbye")

func readEcho(socket *wire.WebSocket, message string) error {
	opcode, payload, err := socket.ReadMessage()
	switch {
	case err != nil:
		return err
	case opcode == wire.OpClose:
		socket.WriteMessage(wire.OpClose, payload)
		return errGoodbye
	case string(payload) != message:
		return fmt.Errorf("sent %q, got %q", message, payload)
	}
	return nil
}

func readGoodbye(socket *wire.WebSocket) error {
	socket.SetDeadline(time.Now().Add(time.Second))
	return readEcho(socket, "")
}

func endedBadly(results *tally.Tally, socket *wire.WebSocket, outcome tally.Outcome, err error) (failed bool) {
	if errors.Is(err, errGoodbye) {
		results.EndedByApp(outcome.Kind)
		return false
	}
	fail(&outcome, err)
	outcome.Pod = socket.Header.Get(wire.HeaderPod)
	outcome.Version = socket.Header.Get(wire.HeaderVersion)
	results.Add(outcome)
	return true
}

// --- slow streams ---------------------------------------------------------------------------------------------------

func holdStream(ctx context.Context, plan *Plan, results *tally.Tally, number int) {
	hold(ctx, func() bool {
		outcome := tally.Outcome{Kind: Streams, Due: time.Now()}
		ended := readStream(ctx, plan, results, number, &outcome)
		switch {
		case ended == stopped:
			results.OpenAtEnd(Streams)
		case ended == left:
			results.EndedByApp(Streams)
		default:
			results.Add(outcome)
		}
		return outcome.Reason != ""
	})
}

type streamEnding int

const (
	judged  streamEnding = iota // the outcome says how
	stopped                     // alive when the run ended
	left                        // the application ended it
)

func readStream(ctx context.Context, plan *Plan, results *tally.Tally, number int, outcome *tally.Outcome) streamEnding {
	opening, cancel := context.WithTimeout(context.Background(), plan.Timeout)
	defer cancel()
	host := plan.host(number)
	connection, err := wire.Open(opening, plan.target(false, host))
	if err != nil {
		fail(outcome, err)
		return judged
	}
	defer connection.Close()
	results.Opened(Streams)
	path := fmt.Sprintf("/stream?seconds=%d&interval=200", plan.StreamSeconds)
	response, err := connection.Send(opening, wire.Request{Host: host, Path: path, Close: true})
	if err != nil {
		fail(outcome, err)
		return judged
	}
	judge(outcome, response, plan.Expect)
	if outcome.Reason != "" {
		return judged
	}
	// The end of the run wakes the reader up.
	defer context.AfterFunc(ctx, func() { connection.SetReadDeadline(time.Now()) })()
	lines, last := bufio.NewScanner(response.Body), ""
	for extend(ctx, connection, plan.Timeout) && lines.Scan() {
		last = lines.Text()
	}
	switch err := lines.Err(); {
	case ctx.Err() != nil && (err == nil || wire.Reason(err) == wire.Timeout) && last != streamEnd:
		return stopped
	case err != nil:
		fail(outcome, fmt.Errorf("after line %q: %w", last, err))
	case last == streamLeaving:
		return left
	case last != streamEnd:
		outcome.Reason, outcome.Detail = wire.Closed, fmt.Sprintf("ended after line %q", last)
	}
	return judged
}

func extend(ctx context.Context, connection net.Conn, timeout time.Duration) bool {
	connection.SetReadDeadline(time.Now().Add(timeout))
	return ctx.Err() == nil
}
