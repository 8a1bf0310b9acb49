// Command load sends steady mixed traffic to one address and reports, as JSON on its standard output, what became of every request.
// It runs for --duration, or until SIGINT or SIGTERM. Exit code 1: something failed, or the client could not keep up.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"ingressfleet.io/e2e/load/internal/tally"
	"ingressfleet.io/e2e/load/internal/traffic"
	"ingressfleet.io/e2e/load/internal/wire"
)

func main() {
	plan, outputs, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	summary, err := run(plan, outputs)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	json.NewEncoder(os.Stdout).Encode(summary)
	if !summary.OK {
		os.Exit(1)
	}
}

type outputs struct {
	duration time.Duration
	progress string
	failures string
}

func parse(arguments []string) (*traffic.Plan, outputs, error) {
	plan, out := &traffic.Plan{Ports: wire.NewSourcePorts()}, outputs{}
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.StringVar(&plan.Connect, "connect", "", "IP address to connect to")
	flags.StringVar(&plan.Source, "source", "", "source address; default: the kernel's choice")
	flags.IntVar(&plan.HTTPPort, "http-port", 80, "")
	flags.IntVar(&plan.HTTPSPort, "https-port", 443, "")
	hosts := flags.String("hosts", "", "host names, taken in turn; also the SNI")
	flags.StringVar(&plan.Path, "path", "/", "path of requests")
	expect := flags.String("expect", "", "names of the applications that may answer; default: any")
	mix := flags.String("mix", "http-new=100,http-keep=100", "KIND=N,…: requests per second of "+strings.Join(traffic.RatedKinds, ", ")+
		"; connections held of "+strings.Join(traffic.HeldKinds, ", "))
	flags.DurationVar(&plan.Timeout, "timeout", 5*time.Second, "an answer that takes longer is a failure")
	flags.IntVar(&plan.Connections, "connections", 16, "kept-alive connections per kind")
	flags.DurationVar(&plan.MessageInterval, "message-interval", 200*time.Millisecond, "of each WebSocket")
	flags.IntVar(&plan.StreamSeconds, "stream-seconds", 3600, "length of a stream")
	flags.IntVar(&plan.MaxInFlight, "max-in-flight", 2000, "requests of one kind on their way at a time; more are skipped, and the run fails")
	flags.DurationVar(&out.duration, "duration", 0, "0: until a signal")
	flags.StringVar(&out.progress, "progress", "", "file that gets a line of JSON every 200 ms: {answered by kind, failed}")
	flags.StringVar(&out.failures, "failures", "", "file that gets a line of JSON for each failure")
	if err := flags.Parse(arguments); err != nil {
		return nil, out, err
	}
	if plan.Connect == "" || *hosts == "" {
		return nil, out, fmt.Errorf("--connect and --hosts are needed")
	}
	plan.Hosts = strings.Split(*hosts, ",")
	if *expect != "" {
		plan.Expect = strings.Split(*expect, ",")
	}
	var err error
	plan.Mix, err = traffic.ParseMix(*mix)
	return plan, out, err
}

func run(plan *traffic.Plan, out outputs) (tally.Summary, error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if out.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, out.duration)
		defer cancel()
	}
	onFailure, closeFailures, err := failureLog(out.failures)
	if err != nil {
		return tally.Summary{}, err
	}
	defer closeFailures()
	results := tally.New(time.Now(), onFailure)
	if out.progress != "" {
		file, err := os.Create(out.progress)
		if err != nil {
			return tally.Summary{}, err
		}
		defer file.Close()
		go reportProgress(ctx, file, results)
	}
	traffic.Run(ctx, plan, results)
	return results.Summary(time.Now()), nil
}

func failureLog(path string) (func(tally.Outcome), func() error, error) {
	if path == "" {
		return nil, func() error { return nil }, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, nil, err
	}
	encoder := json.NewEncoder(file)
	return func(outcome tally.Outcome) { encoder.Encode(failureLine(outcome)) }, file.Close, nil
}

func failureLine(outcome tally.Outcome) map[string]any {
	return map[string]any{
		"at": float64(outcome.Ended.UnixMicro()) / 1e6, "kind": outcome.Kind, "reason": outcome.Reason, "detail": outcome.Detail, "app": outcome.App,
		"pod": outcome.Pod, "version": outcome.Version, "status": outcome.Status, "reused": outcome.Reused,
		"seconds": outcome.Ended.Sub(outcome.Due).Seconds(),
	}
}

func reportProgress(ctx context.Context, file *os.File, results *tally.Tally) {
	encoder := json.NewEncoder(file)
	ticks := time.NewTicker(200 * time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			encoder.Encode(results.Progress())
		}
	}
}
