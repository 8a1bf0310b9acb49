package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Headers that name the answering pod on every answer, whatever its body is: a client tells the application's own errors from a proxy's by them.
const (
	headerApp     = "X-Echo-App"
	headerPod     = "X-Echo-Pod"
	headerVersion = "X-Echo-Version"
)

// Identity is who answers.
type Identity struct {
	App     string `json:"app"`
	Pod     string `json:"pod"`
	Node    string `json:"node"`
	Version string `json:"version"`
}

// Answer is the body of every path without a meaning of its own.
type Answer struct {
	Identity
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   string            `json:"query"`
	Host    string            `json:"host"`
	Remote  string            `json:"remote"`
	Proto   string            `json:"proto"`
	TLS     bool              `json:"tls"`
	Headers map[string]string `json:"headers"`
}

// App is the handler. It is safe for concurrent use.
type App struct {
	identity Identity
	mux      *http.ServeMux
	notReady atomic.Bool
	leaving  chan struct{} // closed when long connections must go
	leave    sync.Once
	hijacked sync.WaitGroup // connections the http.Server no longer knows
}

func NewApp(identity Identity) *App {
	app := &App{identity: identity, mux: http.NewServeMux(), leaving: make(chan struct{})}
	app.mux.HandleFunc("/ready", app.ready)
	app.mux.HandleFunc("/status/{code}", app.status)
	app.mux.HandleFunc("/bytes", app.bytes)
	app.mux.HandleFunc("/stream", app.stream)
	app.mux.HandleFunc("/ws", app.webSocket)
	app.mux.HandleFunc("/", app.echo)
	return app
}

func (app *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(headerApp, app.identity.App)
	w.Header().Set(headerPod, app.identity.Pod)
	w.Header().Set(headerVersion, app.identity.Version)
	// A mux would redirect /a//b and /a/../b; an echo shows what arrived.
	if !knownPath(r.URL.Path) {
		app.echo(w, r)
		return
	}
	app.mux.ServeHTTP(w, r)
}

func knownPath(path string) bool {
	switch path {
	case "/ready", "/bytes", "/stream", "/ws":
		return true
	}
	return strings.HasPrefix(path, "/status/")
}

func (app *App) FailReadiness() { app.notReady.Store(true) }

// Leave tells streams and WebSockets to end.
func (app *App) Leave() { app.leave.Do(func() { close(app.leaving) }) }

// WaitForHijacked waits for the WebSockets; false if the context ended first.
func (app *App) WaitForHijacked(ctx context.Context) bool {
	done := make(chan struct{})
	go func() { app.hijacked.Wait(); close(done) }()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

func (app *App) ready(w http.ResponseWriter, _ *http.Request) {
	if app.notReady.Load() {
		http.Error(w, "leaving", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

func (app *App) echo(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(Answer{
		Identity: app.identity, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Host: r.Host, Remote: r.RemoteAddr,
		Proto: r.Proto, TLS: r.TLS != nil, Headers: selected(r.Header),
	})
}

// selected keeps the headers a proxy adds, and those a test sends on purpose.
func selected(headers http.Header) map[string]string {
	found := map[string]string{}
	for name, values := range headers {
		if strings.HasPrefix(name, "X-") || name == "Forwarded" || name == "Via" || name == "Traceparent" {
			found[name] = strings.Join(values, ", ")
		}
	}
	return found
}

func (app *App) status(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil || code < 200 || code > 599 {
		http.Error(w, "a status from 200 to 599, please", http.StatusBadRequest)
		return
	}
	w.WriteHeader(code)
	if code != http.StatusNoContent && code != http.StatusNotModified {
		fmt.Fprintf(w, "%d as asked\n", code)
	}
}

func (app *App) bytes(w http.ResponseWriter, r *http.Request) {
	wanted, err := strconv.ParseInt(r.URL.Query().Get("n"), 10, 64)
	if err != nil || wanted < 0 || wanted > 1<<30 {
		http.Error(w, "n from 0 to 1073741824, please", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(wanted, 10))
	io.CopyN(w, filler{}, wanted)
}

type filler struct{}

func (filler) Read(buffer []byte) (int, error) {
	for i := range buffer {
		buffer[i] = 'x'
	}
	return len(buffer), nil
}

// Last lines of a stream: a client knows by them that nobody cut it.
const (
	streamEnd     = "end"
	streamLeaving = "leaving"
)

// stream writes a line every `interval` milliseconds for `seconds` seconds.
func (app *App) stream(w http.ResponseWriter, r *http.Request) {
	seconds := floatOr(r.URL.Query().Get("seconds"), 10)
	interval := floatOr(r.URL.Query().Get("interval"), 200)
	if seconds < 0 || interval < 1 {
		http.Error(w, "seconds ≥ 0 and interval ≥ 1 (milliseconds), please", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	controller := http.NewResponseController(w)
	ticks := time.NewTicker(time.Duration(interval * float64(time.Millisecond)))
	defer ticks.Stop()
	end := time.After(time.Duration(seconds * float64(time.Second)))
	for number := 0; ; number++ {
		fmt.Fprintf(w, "%d\n", number)
		if controller.Flush() != nil {
			return
		}
		select {
		case <-ticks.C:
		case <-end:
			fmt.Fprintln(w, streamEnd)
			return
		case <-app.leaving:
			fmt.Fprintln(w, streamLeaving)
			return
		case <-r.Context().Done():
			return
		}
	}
}

func floatOr(text string, otherwise float64) float64 {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return otherwise
	}
	return value
}
