"""What the scenarios are written with: a cluster, a client outside of it, a fleet, applications, a load, and waiting without sleeping."""
