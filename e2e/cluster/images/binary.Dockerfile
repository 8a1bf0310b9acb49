# A statically linked program and nothing else: CoreDNS, MetalLB, pause. Manifests may give it arguments.
FROM scratch
COPY binary /entrypoint
ENTRYPOINT ["/entrypoint"]
