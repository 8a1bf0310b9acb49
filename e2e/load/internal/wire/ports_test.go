package wire

import (
	"context"
	"fmt"
	"net"
	"testing"
)

func TestNoPortComesAgainBeforeAllOthers(t *testing.T) {
	ports, seen := NewSourcePorts(), map[uint16]bool{}
	for range portCount {
		port := ports.next()
		if port < firstPort || port >= 32768 || seen[port] {
			t.Fatalf("port %d after %d others", port, len(seen))
		}
		seen[port] = true
	}
	if again := ports.next(); !seen[again] {
		t.Errorf("port %d is not one of them", again)
	}
}

func TestAPortThatSomebodyListensOnIsLeftOut(t *testing.T) {
	far, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	ports := NewSourcePorts()
	following := &SourcePorts{}
	following.taken.Store(ports.taken.Load())
	taken := following.next()
	near, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", taken))
	if err != nil {
		t.Skipf("port %d is somebody else's", taken)
	}
	defer near.Close()
	target := Target{Connect: "127.0.0.1", Source: "127.0.0.1", Port: far.Addr().(*net.TCPAddr).Port, Ports: ports}
	connection, err := Dial(context.Background(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if got := connection.LocalAddr().(*net.TCPAddr).Port; got == int(taken) || got < firstPort || got >= 32768 {
		t.Errorf("connected from port %d, %d was taken", got, taken)
	}
}
