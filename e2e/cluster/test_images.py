import images

DOCKERFILE = """\
ARG BASE=debian:trixie-slim
FROM --platform=linux/amd64 debian:trixie-slim AS build
RUN echo FROM nothing
FROM scratch AS tiny
COPY --from=build /a /a
COPY --chown=1:1 --from=example.test/tool:1 /b /b
from build
COPY --from=0 /c /c
FROM ${BASE}
"""


def test_base_images_are_the_ones_from_outside():
    assert images.base_images(DOCKERFILE) == ["debian:trixie-slim", "example.test/tool:1"]


def test_containerd_writes_short_names_in_full():
    assert images._same_image("registry.test/library/web:1", "web:1")
    assert images._same_image("registry.test/team/web:1", "team/web:1")
    assert not images._same_image("registry.test/team/other-web:1", "web:1")
