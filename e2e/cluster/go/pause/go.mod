module ingressfleet.test/cluster/pause

go 1.21
