package tally

import (
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(milliseconds int) time.Time { return start.Add(time.Duration(milliseconds) * time.Millisecond) }

func TestCountsByKindReasonAndSecond(t *testing.T) {
	var logged []Outcome
	results := New(start, func(outcome Outcome) { logged = append(logged, outcome) })
	results.Declare("h2")
	results.Add(Outcome{Kind: "http-new", Due: at(0), Ended: at(10), Pod: "a", Version: "1"})
	results.Add(Outcome{Kind: "http-new", Due: at(900), Ended: at(1100), Pod: "b", Version: "2"})
	results.Add(Outcome{Kind: "http-new", Due: at(1500), Ended: at(1600), Reason: "reset", Detail: "first"})
	results.Add(Outcome{Kind: "http-new", Due: at(2500), Ended: at(2600), Reason: "reset", Detail: "second"})
	results.Add(Outcome{Kind: "ws", Due: at(2500), Ended: at(2700), Reason: "timeout"})

	summary := results.Summary(at(4000))
	if summary.OK || summary.Sent != 5 || summary.Answered != 2 || summary.Failed != 3 || summary.PerSecond != 1.25 {
		t.Errorf("%+v", summary)
	}
	resets := summary.Kinds["http-new"].Failures["reset"]
	if resets.Count != 2 || resets.First != at(1600) || resets.Last != at(2600) || resets.Example != "first" {
		t.Errorf("%+v", resets)
	}
	if kind, ok := summary.Kinds["h2"]; !ok || kind.Sent != 0 {
		t.Error("a declared kind is missing")
	}
	if len(summary.Timeline) != 3 || summary.Timeline[1].OK != 1 || summary.Timeline[1].Failed != 1 || summary.Timeline[1].Answers["2/b"] != 1 {
		t.Errorf("%+v", summary.Timeline)
	}
	if len(logged) != 3 || results.Progress().Failed != 3 || results.Progress().Answered["http-new"] != 2 {
		t.Errorf("%d failures logged, progress %+v", len(logged), results.Progress())
	}
}

func TestWhatMakesARunGood(t *testing.T) {
	answered := Outcome{Kind: "h2", Due: at(0), Ended: at(1)}
	failed := Outcome{Kind: "h2", Due: at(0), Ended: at(1), Reason: "reset"}
	for name, test := range map[string]struct {
		fill func(*Tally)
		want bool
	}{
		"all answered":        {func(r *Tally) { r.Add(answered) }, true},
		"nothing answered":    {func(r *Tally) { r.Declare("h2") }, false},
		"one failed":          {func(r *Tally) { r.Add(answered); r.Add(failed) }, false},
		"one skipped":         {func(r *Tally) { r.Add(answered); r.Skip("h2") }, false},
		"ended by the app":    {func(r *Tally) { r.Add(answered); r.EndedByApp("ws") }, true},
		"idle ones reopened":  {func(r *Tally) { r.Add(answered); r.Reopened("http-keep") }, true},
		"alive at the end":    {func(r *Tally) { r.Add(answered); r.OpenAtEnd("ws") }, true},
		"only long ones held": {func(r *Tally) { r.OpenAtEnd("stream") }, false},
	} {
		results := New(start, nil)
		test.fill(results)
		if got := results.Summary(at(1000)).OK; got != test.want {
			t.Errorf("%s: OK = %v", name, got)
		}
	}
}

func TestQuantilesAreRoundedUpByAtMostFivePercent(t *testing.T) {
	var h histogram
	for number := 1; number <= 1000; number++ {
		h.add(time.Duration(number) * time.Millisecond)
	}
	for q, exact := range map[float64]time.Duration{0.5: 500 * time.Millisecond, 0.99: 990 * time.Millisecond, 1: time.Second} {
		got := h.quantile(q)
		if got < exact || float64(got) > 1.05*float64(exact) {
			t.Errorf("quantile %v = %v, exactly %v", q, got, exact)
		}
	}
	h.add(time.Hour)
	if h.quantile(1) > time.Hour || h.longest != time.Hour {
		t.Errorf("longest %v, quantile 1 %v", h.longest, h.quantile(1))
	}
	if (&histogram{}).quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
}
