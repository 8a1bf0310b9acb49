module ingressfleet.io/e2e/load

go 1.24
