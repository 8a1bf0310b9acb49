// Package tally counts what a load did and what became of it. Everything is exact except latencies, which are rounded up by at most 5 %.
package tally

import (
	"sync"
	"time"
)

// Outcome is the end of one request, message or stream.
type Outcome struct {
	Kind    string
	Due     time.Time // when it should have been sent; latency counts from here, so that a slow client cannot hide a slow answer
	Ended   time.Time
	Reason  string // "" = answered as expected
	Detail  string
	App     string
	Pod     string
	Version string
	Status  int
	Reused  bool // the connection had carried requests before
}

// Tally is safe for concurrent use.
type Tally struct {
	mutex   sync.Mutex
	started time.Time
	kinds   map[string]*counts
	seconds []second
	failed  func(Outcome) // called for each failure, under the lock
}

type counts struct {
	ok, skipped, endedByApp, reopened, opened, openAtEnd int
	failures                                             map[string]*Failure
	latencies                                            histogram
}

type second struct {
	ok, failed int
	answers    map[string]int
}

// Failure is all failures of a kind for one reason.
type Failure struct {
	Count   int       `json:"count"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Example string    `json:"example"`
}

func New(started time.Time, onFailure func(Outcome)) *Tally {
	if onFailure == nil {
		onFailure = func(Outcome) {}
	}
	return &Tally{started: started, kinds: map[string]*counts{}, failed: onFailure}
}

// Declare makes a kind appear in the summary even when nothing happened.
func (t *Tally) Declare(kind string) { t.with(kind, func(*counts) {}) }

// Add counts an outcome.
func (t *Tally) Add(outcome Outcome) {
	t.with(outcome.Kind, func(c *counts) {
		at := t.second(outcome.Ended)
		if outcome.Reason == "" {
			c.ok++
			at.ok++
			c.latencies.add(outcome.Ended.Sub(outcome.Due))
			at.answers[outcome.Version+"/"+outcome.Pod]++
			return
		}
		at.failed++
		failure := c.failures[outcome.Reason]
		if failure == nil {
			failure = &Failure{First: outcome.Ended, Example: outcome.Detail}
			c.failures[outcome.Reason] = failure
		}
		failure.Count++
		failure.Last = outcome.Ended
		t.failed(outcome)
	})
}

// Skip counts a request that was due but not sent, because too many were on their way: the run then proves nothing.
func (t *Tally) Skip(kind string) { t.with(kind, func(c *counts) { c.skipped++ }) }

// EndedByApp counts a long connection that the application, not the ingress, ended in an orderly way.
func (t *Tally) EndedByApp(kind string) { t.with(kind, func(c *counts) { c.endedByApp++ }) }

// Reopened counts an idle connection that the far side had closed before it was needed again: allowed, and worth knowing.
func (t *Tally) Reopened(kind string) { t.with(kind, func(c *counts) { c.reopened++ }) }

// Opened counts a new connection.
func (t *Tally) Opened(kind string) { t.with(kind, func(c *counts) { c.opened++ }) }

// OpenAtEnd counts a long connection that was alive when the run ended.
func (t *Tally) OpenAtEnd(kind string) { t.with(kind, func(c *counts) { c.openAtEnd++ }) }

func (t *Tally) with(kind string, change func(*counts)) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	c := t.kinds[kind]
	if c == nil {
		c = &counts{failures: map[string]*Failure{}}
		t.kinds[kind] = c
	}
	change(c)
}

func (t *Tally) second(at time.Time) *second {
	number := max(0, int(at.Sub(t.started)/time.Second))
	for len(t.seconds) <= number {
		t.seconds = append(t.seconds, second{answers: map[string]int{}})
	}
	return &t.seconds[number]
}
