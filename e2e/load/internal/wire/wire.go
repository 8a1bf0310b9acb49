// Package wire speaks to an ingress as one client would: it dials an address of its choice from a source address of its choice, names any host it
// likes, and tells exactly how the far side ended it.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Headers by which the sample application names itself on every answer.
const (
	HeaderApp     = "X-Echo-App"
	HeaderPod     = "X-Echo-Pod"
	HeaderVersion = "X-Echo-Version"
)

// Target is where a connection goes and what it calls itself. Addresses and names are apart on purpose: no DNS takes part.
type Target struct {
	Connect   string // IP address
	Port      int
	Source    string // IP address, or "" for the kernel's choice
	Ports     *SourcePorts
	TLS       bool
	SNI       string // "" sends none
	Protocols []string
}

// Dial connects, and does the TLS handshake if asked to. Certificates are not verified; a caller that cares looks at them.
func Dial(ctx context.Context, target Target) (net.Conn, error) {
	connection, err := connect(ctx, target)
	if err != nil || !target.TLS {
		return connection, err
	}
	secured := tls.Client(connection, TLSConfig(target))
	if err := secured.HandshakeContext(ctx); err != nil {
		connection.Close()
		return nil, &HandshakeError{err}
	}
	return secured, nil
}

func connect(ctx context.Context, target Target) (net.Conn, error) {
	dialer, address := net.Dialer{Control: shareSourcePorts}, net.JoinHostPort(target.Connect, strconv.Itoa(target.Port))
	if target.Source == "" {
		return dialer.DialContext(ctx, "tcp", address)
	}
	source, err := netip.ParseAddr(target.Source)
	if err != nil {
		return nil, err
	}
	for {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, target.Ports.next()))
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if target.Ports == nil || !portIsTaken(err) {
			return connection, err
		}
	}
}

// portIsTaken: by somebody who listens, or by a connection to the same place that has lasted since the ports began anew.
func portIsTaken(err error) bool {
	var call *os.SyscallError
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EADDRNOTAVAIL) && errors.As(err, &call) && call.Syscall == "connect"
}

func TLSConfig(target Target) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: target.SNI, NextProtos: target.Protocols}
}

// shareSourcePorts lets connections from a bound address to different destinations use the same port; else 28,000 of them are all there are.
// The first option is for ports that Linux chooses, the second for those that we do.
func shareSourcePorts(_, _ string, raw syscall.RawConn) error {
	const ipBindAddressNoPort = 24
	var failed error
	err := raw.Control(func(descriptor uintptr) {
		failed = errors.Join(
			syscall.SetsockoptInt(int(descriptor), syscall.IPPROTO_IP, ipBindAddressNoPort, 1),
			syscall.SetsockoptInt(int(descriptor), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	})
	return errors.Join(err, failed)
}

// HandshakeError tells a failed TLS handshake from a failed connection.
type HandshakeError struct{ error }

func (e *HandshakeError) Unwrap() error { return e.error }

// Reasons a connection or request can fail for.
const (
	Timeout     = "timeout"
	Refused     = "refused"
	Reset       = "reset"
	Closed      = "closed" // an orderly end where an answer was due
	Unreachable = "unreachable"
	BadTLS      = "tls"
	BadAnswer   = "bad-answer"
)

// Reason names what went wrong in one of the words above.
func Reason(err error) string {
	var handshake *HandshakeError
	var network net.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Reset
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return Unreachable
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Closed
	case errors.As(err, &handshake):
		return BadTLS
	// http2 wraps what the connection died of in text only.
	case strings.Contains(err.Error(), "connection reset"):
		return Reset
	case strings.Contains(err.Error(), "GOAWAY"), strings.Contains(err.Error(), "stream error"):
		return Reset
	}
	return BadAnswer
}

// Stale says whether the far side has already ended an idle connection. Bytes nobody asked for count as an end: they are a close alert or an
// error page. The check costs one system call and no waiting.
func Stale(connection net.Conn) bool {
	if secured, ok := connection.(*tls.Conn); ok {
		connection = secured.NetConn()
	}
	socket, ok := connection.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return true
	}
	stale := true
	err = raw.Read(func(descriptor uintptr) bool {
		_, _, peeked := syscall.Recvfrom(int(descriptor), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		stale = !errors.Is(peeked, syscall.EAGAIN)
		return true
	})
	return err != nil || stale
}
