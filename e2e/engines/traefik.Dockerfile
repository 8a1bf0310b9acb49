# Traefik as its own image has it: the binary's place, arguments that begin with a dash, no user.
FROM scratch
COPY traefik /usr/local/bin/traefik
ENTRYPOINT ["/usr/local/bin/traefik"]
