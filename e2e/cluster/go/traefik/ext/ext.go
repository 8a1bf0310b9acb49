// Package ext stands in for the module of that name, which Traefik keeps beside its main one and which no module proxy has. It is where
// others may add fields to Traefik's configuration; there are none.
package ext

// HTTP extends the HTTP part of the dynamic configuration.
type HTTP struct{}

// Router extends a router.
type Router struct{}
