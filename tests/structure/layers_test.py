"""Who may include whom. The picture is in docs/explanation/architecture.md."""
import re
from pathlib import Path

import pytest

from repository import ROOT, files, name

OPERATOR = {
    "base": set(),
    "kube": {"base"},
    "effect": {"base", "kube"},
    "api": {"base", "kube"},
    "plan": {"base", "kube", "effect", "api"},
    "io": {"base", "kube", "effect"},
    "app": {"base", "kube", "effect", "api", "plan", "io"},
    "cli": {"base", "kube", "effect", "api", "plan", "io"},
}
# The proxy's agent knows Kubernetes, never fleets.
AGENT = {"base", "kube", "io"}
AGENT_FOLDER = ROOT / "proxy-image" / "agent"
# Its own headers only: `#include "layer/file.h"`.
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def includes(path: Path) -> list[str]:
    return INCLUDE.findall(path.read_text())


def sources(folder: str) -> list[Path]:
    return files(f"{folder}/*.h", f"{folder}/*.cc")


@pytest.mark.parametrize("layer", OPERATOR)
def test_operator_layer_includes_only_what_it_may(layer):
    allowed = OPERATOR[layer] | {layer}
    wrong = [f"{name(path)} includes {target}" for path in sources(f"operator/{layer}") for target in includes(path)
             if target.split("/")[0] not in allowed]
    assert not wrong, f"{layer} may include {sorted(allowed)}:\n" + "\n".join(wrong)


def test_every_folder_of_the_operator_is_a_known_layer():
    assert {path.relative_to(ROOT / "operator").parts[0] for path in sources("operator") if path.parent != ROOT / "operator"} <= set(OPERATOR)


def test_agent_includes_only_what_it_may():
    wrong = [f"{name(path)} includes {target}" for path in sources("proxy-image/agent") for target in includes(path)
             if (layer := target.split("/")[0]) in OPERATOR and layer not in AGENT and not (AGENT_FOLDER / target).exists()]
    assert not wrong, "\n".join(wrong)


def test_includes_name_files_from_the_layer_root():
    """No `../`, no neighbour by its bare name: the layer can be read off every line."""
    wrong = [f"{name(path)} includes {target}" for path in sources("operator") for target in includes(path)
             if not (ROOT / "operator" / target).exists()]
    assert not wrong, "\n".join(wrong)


def test_headers_start_with_pragma_once():
    assert not [name(path) for path in files("operator/*.h", "proxy-image/*.h", "tests/*.h") if not path.read_text().startswith("#pragma once\n")]


def test_only_the_transport_knows_the_http_library():
    """docs/adr/0001: the library can be replaced because nothing else has seen it."""
    users = [name(path) for path in files("operator/*", "proxy-image/agent/*", "tests/*") if path.suffix in (".h", ".cc")
             and re.search(r"#\s*include\s*<(cpprest|pplx)/", path.read_text())]
    assert len(users) <= 2 and all(user.startswith("operator/io/") and user.endswith(".cc") for user in users), users
