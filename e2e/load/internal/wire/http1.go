package wire

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Request is one HTTP/1.1 request.
type Request struct {
	Method  string // "" is GET
	Host    string
	Path    string
	Headers map[string]string
	Close   bool // asks the far side to close afterwards
}

// Connection carries HTTP/1.1 requests one after the other. Not safe for concurrent use.
// net/http's own client silently sends a request again when a kept-alive connection dies under it: that would hide what is to be counted here.
type Connection struct {
	net.Conn
	Reader *bufio.Reader
	Used   int
}

func Open(ctx context.Context, target Target) (*Connection, error) {
	connection, err := Dial(ctx, target)
	if err != nil {
		return nil, err
	}
	return &Connection{Conn: connection, Reader: bufio.NewReaderSize(connection, 4096)}, nil
}

// Send writes the request and reads the head of the answer; the caller reads the body. The deadline of ctx covers the body too.
func (c *Connection) Send(ctx context.Context, request Request) (*http.Response, error) {
	deadline, _ := ctx.Deadline()
	if err := c.SetDeadline(deadline); err != nil {
		return nil, err
	}
	c.Used++
	method := request.Method
	if method == "" {
		method = http.MethodGet
	}
	if _, err := io.WriteString(c.Conn, head(method, request)); err != nil {
		return nil, err
	}
	return http.ReadResponse(c.Reader, &http.Request{Method: method})
}

func head(method string, request Request) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: ingressfleet-e2e\r\n", method, request.Path, request.Host)
	if request.Close {
		text.WriteString("Connection: close\r\n")
	}
	names := make([]string, 0, len(request.Headers))
	for name := range request.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&text, "%s: %s\r\n", name, request.Headers[name])
	}
	text.WriteString("\r\n")
	return text.String()
}

// AwaitClose lets the far side close first, so that the waiting state of TCP and its port stay there.
func (c *Connection) AwaitClose() {
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	io.Copy(io.Discard, c.Reader)
	c.Close()
}
