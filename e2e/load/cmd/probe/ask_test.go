package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"

	"ingressfleet.io/e2e/load/internal/wire"
)

func questionTo(t *testing.T, address string) Question {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	number, _ := strconv.Atoi(parsed.Port())
	return Question{Connect: parsed.Hostname(), Port: number, TLS: parsed.Scheme == "https", Host: "shop.example.com", Path: "/", TimeoutSeconds: 5}
}

func TestAnswerAndCertificate(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(wire.HeaderApp, "shop")
		w.WriteHeader(403)
		w.Write([]byte(r.Host + r.TLS.ServerName))
	}))
	defer server.Close()
	question := questionTo(t, server.URL)
	question.SNI = "shop.example.com"
	answer := ask(question)
	if answer.Failure != "" || answer.Status != 403 || answer.App != "shop" || answer.Body != "shop.example.comshop.example.com" {
		t.Errorf("%+v", answer)
	}
	if answer.Certificate == nil || len(answer.Certificate.Fingerprint) != 64 || len(answer.Certificate.Names) == 0 {
		t.Errorf("certificate %+v", answer.Certificate)
	}
}

func TestNobodyListens(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	if answer := ask(questionTo(t, server.URL)); answer.Failure != wire.Refused || answer.Detail == "" {
		t.Errorf("%+v", answer)
	}
}

func TestUntil(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) < 5 {
			w.WriteHeader(404)
			return
		}
		w.Header().Set(wire.HeaderApp, "shop")
	}))
	defer server.Close()
	question := questionTo(t, server.URL)
	question.Until, question.DeadlineSeconds, question.EverySeconds = &Wanted{App: "shop"}, 10, 0.001
	if answer := ask(question); !answer.Matched || answer.Tries != 5 || answer.App != "shop" {
		t.Errorf("%+v", answer)
	}
	question.Until, question.DeadlineSeconds = &Wanted{App: "blog"}, 0.05
	if answer := ask(question); answer.Matched || answer.App != "shop" {
		t.Errorf("%+v", answer)
	}
}
