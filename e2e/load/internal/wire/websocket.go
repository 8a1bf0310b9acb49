package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Opcodes of RFC 6455.
const (
	OpText, OpClose, OpPing, OpPong = 0x1, 0x8, 0x9, 0xA
	longestMessage                  = 1 << 20
)

// WebSocket is a client's side: whole text messages, no extensions.
type WebSocket struct {
	*Connection
	Header http.Header // of the handshake's answer
}

// UnexpectedStatus is an answer other than 101.
type UnexpectedStatus struct{ Response *http.Response }

func (e *UnexpectedStatus) Error() string {
	return fmt.Sprintf("handshake answered %d", e.Response.StatusCode)
}

func OpenWebSocket(ctx context.Context, target Target, host, path string) (*WebSocket, error) {
	connection, err := Open(ctx, target)
	if err != nil {
		return nil, err
	}
	response, err := connection.Send(ctx, Request{Host: host, Path: path, Headers: map[string]string{
		"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}})
	if err == nil && response.StatusCode != http.StatusSwitchingProtocols {
		err = &UnexpectedStatus{response}
	}
	if err != nil {
		connection.Close()
		return nil, err
	}
	return &WebSocket{connection, response.Header}, nil
}

// WriteMessage sends a frame. The mask is zero: it protects old caches, which are not here.
func (w *WebSocket) WriteMessage(opcode byte, payload []byte) error {
	frame := []byte{0x80 | opcode}
	switch {
	case len(payload) < 126:
		frame = append(frame, 0x80|byte(len(payload)))
	case len(payload) < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(len(payload)))
	default:
		return errors.New("message too long")
	}
	_, err := w.Write(append(append(frame, 0, 0, 0, 0), payload...))
	return err
}

// ReadMessage returns the next text or close frame; pings are answered.
func (w *WebSocket) ReadMessage() (opcode byte, payload []byte, err error) {
	for {
		opcode, payload, err = w.readFrame()
		if err != nil || opcode == OpText || opcode == OpClose {
			return
		}
		if opcode == OpPing {
			if err = w.WriteMessage(OpPong, payload); err != nil {
				return
			}
		}
	}
}

func (w *WebSocket) readFrame() (byte, []byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(w.Reader, head[:2]); err != nil {
		return 0, nil, err
	}
	opcode, length := head[0]&0x0F, uint64(head[1]&0x7F)
	var err error
	switch length {
	case 126:
		_, err = io.ReadFull(w.Reader, head[:2])
		length = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		_, err = io.ReadFull(w.Reader, head[:8])
		length = binary.BigEndian.Uint64(head[:8])
	}
	if err != nil {
		return 0, nil, err
	}
	if length > longestMessage {
		return 0, nil, errors.New("message too long")
	}
	payload := make([]byte, length)
	_, err = io.ReadFull(w.Reader, payload)
	return opcode, payload, err
}
