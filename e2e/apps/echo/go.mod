module ingressfleet.io/e2e/apps/echo

go 1.24
