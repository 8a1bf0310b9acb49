package traffic

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ingressfleet.io/e2e/load/internal/tally"
	"ingressfleet.io/e2e/load/internal/wire"
)

// ingress stands for everything between the client and the application: a handler behind a plain and a TLS port.
func ingress(t *testing.T, handler http.HandlerFunc) *Plan {
	t.Helper()
	plain := httptest.NewServer(handler)
	secured := httptest.NewUnstartedServer(handler)
	plain.Config.ErrorLog, secured.Config.ErrorLog = log.New(io.Discard, "", 0), log.New(io.Discard, "", 0)
	secured.EnableHTTP2 = true
	secured.StartTLS()
	t.Cleanup(func() {
		plain.CloseClientConnections()
		secured.CloseClientConnections()
		plain.Close()
		secured.Close()
	})
	return &Plan{
		Connect: "127.0.0.1", Source: "127.0.0.1", Ports: wire.NewSourcePorts(), HTTPPort: port(plain.Listener), HTTPSPort: port(secured.Listener), Hosts: []string{"shop.example.com"},
		Path: "/", Expect: []string{"shop"}, Timeout: 5 * time.Second, Connections: 4, MessageInterval: 10 * time.Millisecond,
		StreamSeconds: 60, MaxInFlight: 100,
	}
}

func port(listener net.Listener) int {
	number, _ := strconv.Atoi(listener.Addr().String()[strings.LastIndex(listener.Addr().String(), ":")+1:])
	return number
}

func sign(w http.ResponseWriter, app string) {
	w.Header().Set(wire.HeaderApp, app)
	w.Header().Set(wire.HeaderPod, app+"-1")
	w.Header().Set(wire.HeaderVersion, "1")
}

func runFor(t *testing.T, plan *Plan, mix string, duration time.Duration) tally.Summary {
	t.Helper()
	var err error
	if plan.Mix, err = ParseMix(mix); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	results := tally.New(time.Now(), nil)
	Run(ctx, plan, results)
	return results.Summary(time.Now())
}

func reset(w http.ResponseWriter) {
	connection, _, _ := http.NewResponseController(w).Hijack()
	connection.(*net.TCPConn).SetLinger(0)
	connection.Close()
}

func TestEveryKindIsAnswered(t *testing.T) {
	var protocols [3]atomic.Int64
	plan := ingress(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "shop.example.com" {
			t.Errorf("Host %q", r.Host)
		}
		protocols[r.ProtoMajor].Add(1)
		sign(w, "shop")
		fmt.Fprintln(w, "hello")
	})
	summary := runFor(t, plan, "http-new=20,http-keep=40,https-new=6,https-keep=40,h2=40", 1000*time.Millisecond)
	if !summary.OK {
		t.Fatalf("%+v", summary)
	}
	for kind, rate := range plan.Mix {
		if sent := summary.Kinds[kind].Sent; sent < rate*8/10 || sent > rate+1 {
			t.Errorf("%s: sent %d in a second at %d/s", kind, sent, rate)
		}
	}
	if kind := summary.Kinds[HTTPKeep]; kind.Opened < plan.Connections || kind.Opened == kind.Sent {
		t.Errorf("http-keep opened %d connections for %d requests, instead of about %d", kind.Opened, kind.Sent, plan.Connections)
	}
	if kind := summary.Kinds[HTTPNew]; kind.Opened != kind.Sent {
		t.Errorf("http-new opened %d connections for %d requests", kind.Opened, kind.Sent)
	}
	if kind := summary.Kinds[HTTP2]; int64(kind.Sent) != protocols[2].Load() || kind.Opened < http2Connections {
		t.Errorf("h2 %+v, %d requests arrived over HTTP/2", kind, protocols[2].Load())
	}
}

func TestReasons(t *testing.T) {
	unused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unused.Close()
	answer := func(app string, status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if app != "" {
				sign(w, app)
			}
			w.WriteHeader(status)
		}
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		change  func(*Plan)
		reason  string // "" = no failure
	}{
		"answered":                     {answer("shop", 200), nil, ""},
		"the application's own 503":    {answer("shop", 503), nil, ""},
		"503 made by the ingress":      {answer("", 503), nil, "ingress-answered-503"},
		"404 made by the ingress":      {answer("", 404), nil, "ingress-answered-404"},
		"another application":          {answer("blog", 200), nil, "wrong-backend"},
		"reset":                        {func(w http.ResponseWriter, _ *http.Request) { reset(w) }, nil, "reset"},
		"closed without an answer":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, "closed"},
		"body cut":                     {cutBody, nil, "closed"},
		"no answer in time":            {func(_ http.ResponseWriter, r *http.Request) { waitFor(r) }, func(p *Plan) { p.Timeout = 100 * time.Millisecond }, "timeout"},
		"nobody listens":               {answer("shop", 200), func(p *Plan) { p.HTTPPort = port(unused) }, "refused"},
		"not even a source address":    {answer("shop", 200), func(p *Plan) { p.Source = "192.0.2.77" }, "bad-answer"},
		"any application will do then": {answer("blog", 200), func(p *Plan) { p.Expect = nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			plan := ingress(t, test.handler)
			if test.change != nil {
				test.change(plan)
			}
			for _, kind := range []string{HTTPNew, HTTPKeep} {
				got := runFor(t, plan, kind+"=20", 200*time.Millisecond).Kinds[kind]
				if test.reason == "" && (got.Failed != 0 || got.OK == 0) {
					t.Errorf("%s: %+v", kind, got)
				}
				if test.reason != "" && (got.OK != 0 || got.Failures[test.reason].Count != got.Failed || got.Failed == 0) {
					t.Errorf("%s: %+v, expected only %q", kind, got, test.reason)
				}
			}
		})
	}
}

func cutBody(w http.ResponseWriter, _ *http.Request) {
	sign(w, "shop")
	w.Header().Set("Content-Length", "100")
	io.WriteString(w, "half")
	panic(http.ErrAbortHandler)
}

func waitFor(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-time.After(2 * time.Second):
	}
}

func TestIdleCloseIsAllowedAndCutUnderARequestIsNot(t *testing.T) {
	plan := ingress(t, func(w http.ResponseWriter, _ *http.Request) { sign(w, "shop") })
	// A server that closes idle connections quicker than the client needs them again.
	impatient := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { sign(w, "shop") }))
	impatient.Config.IdleTimeout = 20 * time.Millisecond
	impatient.Start()
	defer impatient.Close()
	plan.HTTPPort, plan.Connections = port(impatient.Listener), 1
	summary := runFor(t, plan, "http-keep=10", 500*time.Millisecond)
	if !summary.OK || summary.Kinds[HTTPKeep].Reopened == 0 {
		t.Errorf("idle close: %+v", summary.Kinds)
	}

	var requests atomic.Int64
	rude := ingress(t, func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1)%3 == 0 {
			reset(w)
			return
		}
		sign(w, "shop")
	})
	summary = runFor(t, rude, "http-keep=50", 500*time.Millisecond)
	if kind := summary.Kinds[HTTPKeep]; int64(kind.Failures["reset"].Count) != requests.Load()/3 || int64(kind.Sent) != requests.Load() {
		t.Errorf("cut: %+v of %d requests", kind, requests.Load())
	}
}

func TestSlowIngressDoesNotSlowTheLoadDown(t *testing.T) {
	plan := ingress(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(150 * time.Millisecond)
		sign(w, "shop")
	})
	if kind := runFor(t, plan, "http-new=100", 500*time.Millisecond).Kinds[HTTPNew]; kind.Sent < 40 || kind.LatencyMs.P50 < 150 {
		t.Errorf("%+v", kind)
	}
	plan.MaxInFlight = 5
	if kind := runFor(t, plan, "http-new=100", 500*time.Millisecond).Kinds[HTTPNew]; kind.Skipped == 0 {
		t.Errorf("nothing skipped: %+v", kind)
	}
}

func TestWebSockets(t *testing.T) {
	for name, test := range map[string]struct {
		messages int // answered before the ending
		ending   func(net.Conn)
		check    func(tally.Kind) bool
	}{
		"alive to the end": {1 << 30, nil, func(k tally.Kind) bool { return k.Failed == 0 && k.OK > 10 && k.OpenAtEnd == 2 && k.Opened == 2 }},
		"cut": {3, func(c net.Conn) { c.(*net.TCPConn).SetLinger(0); c.Close() }, func(k tally.Kind) bool {
			return k.Failures["reset"].Count > 1 && k.Failures["reset"].Count == k.Failed
		}},
		"closed without a goodbye": {3, func(c net.Conn) { c.Close() }, func(k tally.Kind) bool { return k.Failed > 1 }},
		"goodbye of the application": {3, func(c net.Conn) { c.Write([]byte{0x88, 2, 3, 0xE9}); c.Close() }, func(k tally.Kind) bool {
			return k.Failed == 0 && k.EndedByApp > 1
		}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := ingress(t, func(w http.ResponseWriter, r *http.Request) { echoWebSocket(w, r, test.messages, test.ending) })
			if kind := runFor(t, plan, "ws=2", 600*time.Millisecond).Kinds[WebSockets]; !test.check(kind) {
				t.Errorf("%+v", kind)
			}
		})
	}
	refusing := ingress(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	if kind := runFor(t, refusing, "ws=1,wss=1", 100*time.Millisecond).Kinds[SecureWebSockets]; kind.Failures["ingress-answered-503"].Count != 1 {
		t.Errorf("refused handshake: %+v", kind)
	}
}

func echoWebSocket(w http.ResponseWriter, r *http.Request, messages int, ending func(net.Conn)) {
	connection, buffered, _ := http.NewResponseController(w).Hijack()
	defer connection.Close()
	accept := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(connection, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s: shop\r\n\r\n",
		base64.StdEncoding.EncodeToString(accept[:]), wire.HeaderApp)
	for range messages {
		head := make([]byte, 6) // the client's mask is zero
		if _, err := io.ReadFull(buffered, head); err != nil || head[0] != 0x81 {
			return
		}
		payload := make([]byte, head[1]&0x7F)
		io.ReadFull(buffered, payload)
		connection.Write(append([]byte{0x81, byte(len(payload))}, payload...))
	}
	ending(connection)
}

func TestStreams(t *testing.T) {
	stream := func(last string, abort bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			sign(w, "shop")
			for number := range 3 {
				fmt.Fprintln(w, number)
				http.NewResponseController(w).Flush()
				time.Sleep(5 * time.Millisecond)
			}
			if last == "" {
				<-r.Context().Done()
			}
			if abort {
				panic(http.ErrAbortHandler)
			}
			fmt.Fprintln(w, last)
		}
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		check   func(tally.Kind) bool
	}{
		"whole":         {stream("end", false), func(k tally.Kind) bool { return k.OK > 1 && k.Failed == 0 }},
		"leaving":       {stream("leaving", false), func(k tally.Kind) bool { return k.EndedByApp > 1 && k.Failed == 0 }},
		"cut":           {stream("x", true), func(k tally.Kind) bool { return k.Failures["closed"].Count > 0 && k.OK == 0 }},
		"ended early":   {stream("17", false), func(k tally.Kind) bool { return k.Failures["closed"].Count > 0 && k.OK == 0 }},
		"still running": {stream("", false), func(k tally.Kind) bool { return k.OpenAtEnd == 1 && k.Failed == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			if kind := runFor(t, ingress(t, test.handler), "stream=1", 250*time.Millisecond).Kinds[Streams]; !test.check(kind) {
				t.Errorf("%+v", kind)
			}
		})
	}
}

func TestParseMix(t *testing.T) {
	for text, want := range map[string]string{"http-new=5,ws=2": "map[http-new:5 ws:2]", "h2=0": "map[]", "http-new": "", "smtp=5": "", "h2=-1": "", "h2=x": ""} {
		mix, err := ParseMix(text)
		if want == "" && err == nil || want != "" && fmt.Sprint(mix) != want {
			t.Errorf("%q: %v, %v", text, mix, err)
		}
	}
}
