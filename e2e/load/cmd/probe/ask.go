package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"

	"ingressfleet.io/e2e/load/internal/wire"
)

const longestBody = 256 << 10

// Question is one request, or one request repeated until its answer is as wanted.
type Question struct {
	ID             int               `json:"id"`
	Connect        string            `json:"connect"`
	Port           int               `json:"port"`
	Source         string            `json:"source"`
	TLS            bool              `json:"tls"`
	SNI            string            `json:"sni"`
	Method         string            `json:"method"`
	Host           string            `json:"host"`
	Path           string            `json:"path"`
	Headers        map[string]string `json:"headers"`
	TimeoutSeconds float64           `json:"timeoutSeconds"`

	Until           *Wanted `json:"until"`
	DeadlineSeconds float64 `json:"deadlineSeconds"`
	EverySeconds    float64 `json:"everySeconds"`
}

// Wanted holds what an answer must have; empty fields do not matter.
type Wanted struct {
	App         string `json:"app"`
	Version     string `json:"version"`
	Status      int    `json:"status"`
	Failure     string `json:"failure"`
	Fingerprint string `json:"fingerprint"`
}

// Answer is what came, or why nothing came.
type Answer struct {
	ID          int               `json:"id"`
	Failure     string            `json:"failure"` // of wire's reasons; "" = there was an answer
	Detail      string            `json:"detail"`
	Status      int               `json:"status"`
	App         string            `json:"app"`
	Pod         string            `json:"pod"`
	Version     string            `json:"version"`
	Headers     map[string]string `json:"headers"`
	Body        string            `json:"body"`
	Certificate *Certificate      `json:"certificate"`
	Seconds     float64           `json:"seconds"` // of this try
	At          float64           `json:"at"`      // Unix time at its end
	Tries       int               `json:"tries"`
	Matched     bool              `json:"matched"` // what was wanted came before the deadline
}

// Certificate is the one the far side presented.
type Certificate struct {
	Fingerprint string    `json:"fingerprint"` // SHA-256 of the DER form
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	Names       []string  `json:"names"`
	NotAfter    time.Time `json:"notAfter"`
}

func ask(question Question) Answer {
	if question.Until == nil {
		return once(question, 1)
	}
	deadline := time.Now().Add(seconds(question.DeadlineSeconds))
	for tries := 1; ; tries++ {
		answer := once(question, tries)
		answer.Matched = question.Until.matches(answer)
		if answer.Matched || time.Now().After(deadline) {
			return answer
		}
		time.Sleep(seconds(question.EverySeconds))
	}
}

func (w *Wanted) matches(answer Answer) bool {
	return (w.App == "" || w.App == answer.App) &&
		(w.Version == "" || w.Version == answer.Version) &&
		(w.Status == 0 || w.Status == answer.Status) &&
		(w.Failure == "" || w.Failure == answer.Failure) &&
		(w.Fingerprint == "" || answer.Certificate != nil && w.Fingerprint == answer.Certificate.Fingerprint)
}

func once(question Question, tries int) Answer {
	started := time.Now()
	answer := Answer{ID: question.ID, Tries: tries}
	if err := request(question, &answer); err != nil {
		answer.Failure, answer.Detail = wire.Reason(err), err.Error()
	}
	answer.Seconds = time.Since(started).Seconds()
	answer.At = float64(time.Now().UnixMicro()) / 1e6
	return answer
}

func request(question Question, answer *Answer) error {
	ctx, cancel := context.WithTimeout(context.Background(), seconds(question.TimeoutSeconds))
	defer cancel()
	connection, err := wire.Open(ctx, wire.Target{Connect: question.Connect, Port: question.Port, Source: question.Source, TLS: question.TLS,
		SNI: question.SNI, Protocols: []string{"http/1.1"}})
	if err != nil {
		return err
	}
	defer connection.Close()
	if secured, ok := connection.Conn.(*tls.Conn); ok {
		answer.Certificate = describe(secured.ConnectionState())
	}
	response, err := connection.Send(ctx, wire.Request{Method: question.Method, Host: question.Host, Path: question.Path, Headers: question.Headers, Close: true})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = io.Copy(&body, io.LimitReader(response.Body, longestBody))
	answer.Status, answer.Body, answer.Headers = response.StatusCode, body.String(), flat(response.Header)
	answer.App, answer.Pod, answer.Version = response.Header.Get(wire.HeaderApp), response.Header.Get(wire.HeaderPod), response.Header.Get(wire.HeaderVersion)
	return err
}

func describe(state tls.ConnectionState) *Certificate {
	if len(state.PeerCertificates) == 0 {
		return nil
	}
	leaf := state.PeerCertificates[0]
	digest := sha256.Sum256(leaf.Raw)
	names := leaf.DNSNames
	if names == nil {
		names = []string{}
	}
	return &Certificate{hex.EncodeToString(digest[:]), leaf.Subject.String(), leaf.Issuer.String(), names, leaf.NotAfter}
}

func flat(headers http.Header) map[string]string {
	found := map[string]string{}
	for name, values := range headers {
		found[name] = strings.Join(values, ", ")
	}
	return found
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }
