package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

type served struct {
	url     string
	address string
	signals chan os.Signal
	ended   chan error
}

func serve(t *testing.T, delay, drain time.Duration) served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	s := served{"http://" + address, address, make(chan os.Signal, 2), make(chan error, 1)}
	app := NewApp(Identity{App: "shop", Pod: "shop-1", Node: "node1", Version: "7"})
	go func() { s.ended <- run(app, listener, s.signals, delay, drain) }()
	t.Cleanup(func() { listener.Close() })
	return s
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestAnswerSaysWhoAndWhat(t *testing.T) {
	s := serve(t, 0, time.Second)
	request, _ := http.NewRequest("PUT", s.url+"/a//b/../c?x=1", strings.NewReader("body"))
	request.Host = "shop.example.com"
	request.Header.Set("X-Forwarded-For", "198.51.100.10")
	request.Header.Set("Authorization", "secret")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer Answer
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if answer.App != "shop" || answer.Version != "7" || answer.Method != "PUT" || answer.Host != "shop.example.com" || answer.Path != "/a//b/../c" || answer.Query != "x=1" {
		t.Errorf("%+v", answer)
	}
	if len(answer.Headers) != 1 || answer.Headers["X-Forwarded-For"] != "198.51.100.10" {
		t.Errorf("headers %v", answer.Headers)
	}
	if response.Header.Get(headerPod) != "shop-1" {
		t.Errorf("answer headers %v", response.Header)
	}
}

func TestStatusBytesAndStream(t *testing.T) {
	s := serve(t, 0, time.Second)
	if response, _ := get(t, s.url+"/status/503"); response.StatusCode != 503 || response.Header.Get(headerApp) != "shop" {
		t.Errorf("status %d, headers %v", response.StatusCode, response.Header)
	}
	if _, body := get(t, s.url+"/bytes?n=100000"); len(body) != 100000 {
		t.Errorf("%d bytes", len(body))
	}
	if _, body := get(t, s.url+"/stream?seconds=0.05&interval=10"); !strings.HasSuffix(body, "\nend\n") {
		t.Errorf("stream %q", body)
	}
}

func TestLeavesInOrder(t *testing.T) {
	s := serve(t, 300*time.Millisecond, 5*time.Second)
	stream, err := http.Get(s.url + "/stream?seconds=60&interval=10")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	socket, reader := dialWebSocket(t, s.address)
	sendMasked(socket, opText, "hello")
	if opcode, text := receive(t, reader); opcode != opText || text != "hello" {
		t.Fatalf("echo %d %q", opcode, text)
	}

	s.signals <- syscall.SIGTERM
	deadline := time.Now().Add(time.Second)
	for response, _ := get(t, s.url+"/ready"); response.StatusCode != 503; response, _ = get(t, s.url+"/ready") {
		if time.Now().After(deadline) {
			t.Fatal("still ready after SIGTERM")
		}
	}
	if response, _ := get(t, s.url+"/"); response.StatusCode != 200 {
		t.Errorf("a request after SIGTERM got %d", response.StatusCode)
	}
	if rest, err := io.ReadAll(stream.Body); err != nil || !strings.HasSuffix(string(rest), "leaving\n") {
		t.Errorf("stream ended with %v after %q", err, rest)
	}
	if opcode, text := receive(t, reader); opcode != opClose || text != "\x03\xe9" {
		t.Errorf("WebSocket got %d %q instead of close 1001", opcode, text)
	}
	sendMasked(socket, opClose, "\x03\xe9")
	select {
	case err := <-s.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(3 * time.Second):
		t.Error("did not end")
	}
}

func dialWebSocket(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	connection.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(connection, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The example of RFC 6455 section 1.3.
	if response.StatusCode != 101 || response.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("handshake %d %v", response.StatusCode, response.Header)
	}
	return connection, reader
}

func sendMasked(connection net.Conn, opcode byte, text string) {
	frame := []byte{0x80 | opcode, 0x80 | byte(len(text)), 1, 2, 3, 4}
	for i := range text {
		frame = append(frame, text[i]^byte(i%4+1))
	}
	connection.Write(frame)
}

func receive(t *testing.T, reader *bufio.Reader) (byte, string) {
	t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(reader, head); err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, head[1])
	if _, err := io.ReadFull(reader, payload); err != nil {
		t.Fatal(err)
	}
	return head[0] & 0x0F, string(payload)
}
