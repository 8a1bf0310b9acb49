// Command echo is the sample application behind the ingress tiers: it says who answered and what the request looked like when it arrived.
//
// It leaves the way a well-behaved application does. On SIGTERM it fails its readiness and goes on serving for --shutdown-delay, so that nobody
// who still has its address loses a request. Then it stops accepting, tells long connections to leave and drains what is left for at most --drain.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	identity := Identity{}
	listen := flag.String("listen", ":8080", "address of the HTTP/1.1 and h2c server")
	flag.StringVar(&identity.App, "app", envOr("APP", "echo"), "name in the answers; default $APP")
	flag.StringVar(&identity.Version, "version", envOr("VERSION", "1"), "version in the answers; default $VERSION")
	flag.StringVar(&identity.Pod, "pod", envOr("POD_NAME", hostname()), "pod in the answers; default $POD_NAME, else the host name")
	flag.StringVar(&identity.Node, "node", envOr("NODE_NAME", ""), "node in the answers; default $NODE_NAME")
	delay := flag.Duration("shutdown-delay", durationOr("SHUTDOWN_DELAY", 5*time.Second), "how long to serve on after SIGTERM; default $SHUTDOWN_DELAY")
	drain := flag.Duration("drain", durationOr("DRAIN", 15*time.Second), "how long running requests may take after that; default $DRAIN")
	flag.Parse()

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM, syscall.SIGINT)
	log.Printf("app %s version %s listens on %s", identity.App, identity.Version, listener.Addr())
	if err := run(NewApp(identity), listener, terminate, *delay, *drain); err != nil {
		log.Fatal(err)
	}
}

// run serves until a signal arrives, then leaves in order. The second signal ends the waiting.
func run(app *App, listener net.Listener, terminate <-chan os.Signal, delay, drain time.Duration) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: app, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	select {
	case err := <-served:
		return err
	case <-terminate:
	}
	app.FailReadiness()
	log.Printf("leaving: not ready, serving for another %s", delay)
	select {
	case <-time.After(delay):
	case <-terminate:
	}
	app.Leave()
	log.Printf("leaving: draining for at most %s", drain)
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	err := server.Shutdown(ctx)
	if !app.WaitForHijacked(ctx) || errors.Is(err, context.DeadlineExceeded) {
		log.Print("leaving: requests were still running")
		return server.Close()
	}
	return err
}

func envOr(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func durationOr(name string, otherwise time.Duration) time.Duration {
	value, err := time.ParseDuration(os.Getenv(name))
	if err != nil {
		return otherwise
	}
	return value
}

func hostname() string {
	name, _ := os.Hostname()
	return name
}
