package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// As much of RFC 6455 as an echo needs: unfragmented messages up to 1 MiB, ping, close.
const (
	opText, opBinary, opClose, opPing, opPong = 0x1, 0x2, 0x8, 0x9, 0xA
	closeGoingAway                            = 1001
	longestMessage                            = 1 << 20
	acceptSuffix                              = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
)

// webSocket sends every message back. When the application leaves it says so with a close frame (1001), instead of dropping the connection.
func (app *App) webSocket(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || key == "" {
		http.Error(w, "a WebSocket handshake, please", http.StatusUpgradeRequired)
		return
	}
	app.hijacked.Add(1)
	defer app.hijacked.Done()
	connection, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer connection.Close()
	writer := &frameWriter{connection: connection}
	accept := sha1.Sum([]byte(key + acceptSuffix))
	io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: "+base64.StdEncoding.EncodeToString(accept[:])+"\r\n"+
		headerApp+": "+app.identity.App+"\r\n"+headerPod+": "+app.identity.Pod+"\r\n"+headerVersion+": "+app.identity.Version+"\r\n\r\n")

	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-app.leaving:
			writer.write(opClose, binary.BigEndian.AppendUint16(nil, closeGoingAway))
		case <-ended:
		}
	}()
	for {
		opcode, payload, err := readFrame(buffered.Reader)
		if err != nil {
			return
		}
		switch opcode {
		case opText, opBinary:
			err = writer.write(opcode, payload)
		case opPing:
			err = writer.write(opPong, payload)
		case opClose:
			writer.write(opClose, payload) // the answer to a close of the client; harmless after one of ours
			return
		}
		if err != nil {
			return
		}
	}
}

type frameWriter struct {
	sync.Mutex
	connection net.Conn
}

func (w *frameWriter) write(opcode byte, payload []byte) error {
	frame := []byte{0x80 | opcode}
	switch {
	case len(payload) < 126:
		frame = append(frame, byte(len(payload)))
	case len(payload) < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(len(payload)))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(len(payload)))
	}
	w.Lock()
	defer w.Unlock()
	_, err := w.connection.Write(append(frame, payload...))
	return err
}

func readFrame(reader *bufio.Reader) (opcode byte, payload []byte, err error) {
	var head [8]byte
	if _, err = io.ReadFull(reader, head[:2]); err != nil {
		return
	}
	opcode = head[0] & 0x0F
	masked, length := head[1]&0x80 != 0, uint64(head[1]&0x7F)
	if head[0]&0x80 == 0 || !masked {
		return 0, nil, errors.New("fragmented or unmasked frame")
	}
	switch length {
	case 126:
		_, err = io.ReadFull(reader, head[:2])
		length = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		_, err = io.ReadFull(reader, head[:8])
		length = binary.BigEndian.Uint64(head[:8])
	}
	if err != nil {
		return
	}
	if length > longestMessage {
		return 0, nil, errors.New("message too long")
	}
	var mask [4]byte
	if _, err = io.ReadFull(reader, mask[:]); err != nil {
		return
	}
	payload = make([]byte, length)
	if _, err = io.ReadFull(reader, payload); err != nil {
		return
	}
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return opcode, payload, nil
}
