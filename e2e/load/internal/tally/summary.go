package tally

import (
	"maps"
	"time"
)

// Summary is the report of a run, as JSON.
type Summary struct {
	OK        bool            `json:"ok"` // nothing failed, nothing was skipped, something was answered
	Started   time.Time       `json:"started"`
	Ended     time.Time       `json:"ended"`
	Seconds   float64         `json:"seconds"`
	Sent      int             `json:"sent"`
	Answered  int             `json:"answered"`
	Failed    int             `json:"failed"`
	Skipped   int             `json:"skipped"`
	PerSecond float64         `json:"perSecond"`
	Kinds     map[string]Kind `json:"kinds"`
	Timeline  []Second        `json:"timeline"`
}

// Kind is one kind of traffic in a Summary.
type Kind struct {
	Sent       int                `json:"sent"`
	OK         int                `json:"ok"`
	Failed     int                `json:"failed"`
	Skipped    int                `json:"skipped"`
	EndedByApp int                `json:"endedByApp"`
	Opened     int                `json:"connectionsOpened"`
	Reopened   int                `json:"idleConnectionsReopened"`
	OpenAtEnd  int                `json:"connectionsOpenAtEnd"`
	Failures   map[string]Failure `json:"failures"`
	LatencyMs  Latency            `json:"latencyMs"`
}

// Latency is in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Second is what ended in one second of the run.
type Second struct {
	Second  int            `json:"second"`
	OK      int            `json:"ok"`
	Failed  int            `json:"failed"`
	Answers map[string]int `json:"answers"` // "version/pod" → answers
}

func (t *Tally) Summary(ended time.Time) Summary {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	summary := Summary{Started: t.started, Ended: ended, Seconds: ended.Sub(t.started).Seconds(), Kinds: map[string]Kind{}, Timeline: []Second{}}
	for name, c := range t.kinds {
		kind := c.summary()
		summary.Kinds[name] = kind
		summary.Sent += kind.Sent
		summary.Answered += kind.OK
		summary.Failed += kind.Failed
		summary.Skipped += kind.Skipped
	}
	for number, s := range t.seconds {
		summary.Timeline = append(summary.Timeline, Second{number, s.ok, s.failed, maps.Clone(s.answers)})
	}
	if summary.Seconds > 0 {
		summary.PerSecond = float64(summary.Sent) / summary.Seconds
	}
	summary.OK = summary.Failed == 0 && summary.Skipped == 0 && summary.Answered > 0
	return summary
}

func (c *counts) summary() Kind {
	kind := Kind{OK: c.ok, Skipped: c.skipped, EndedByApp: c.endedByApp, Opened: c.opened, Reopened: c.reopened, OpenAtEnd: c.openAtEnd,
		Failures: map[string]Failure{}}
	for reason, failure := range c.failures {
		kind.Failures[reason] = *failure
		kind.Failed += failure.Count
	}
	kind.Sent = kind.OK + kind.Failed
	kind.LatencyMs = Latency{milliseconds(c.latencies.quantile(0.5)), milliseconds(c.latencies.quantile(0.99)), milliseconds(c.latencies.longest)}
	return kind
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Progress is the state of a run that goes on.
type Progress struct {
	Answered map[string]int `json:"answered"` // by kind
	Failed   int            `json:"failed"`
}

func (t *Tally) Progress() Progress {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	progress := Progress{Answered: map[string]int{}}
	for name, c := range t.kinds {
		progress.Answered[name] = c.ok
		for _, failure := range c.failures {
			progress.Failed += failure.Count
		}
	}
	return progress
}
