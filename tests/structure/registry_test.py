"""Every engine, balancer and exposure is registered: a file that defines one and a registry without it is work half done."""
import re

import pytest

from repository import ROOT, files, name

REGISTRIES = {"engine": "Engine", "balancer": "Balancer", "exposure": "Exposure"}


def defined(folder: str, kind: str) -> dict[str, str]:
    """Constant → file. A definition has an initialiser, a declaration has none."""
    pattern = re.compile(rf"^(?:extern )?(?:const|constexpr|constinit const) {kind} (k\w+)\s*(?:=|\{{)", re.MULTILINE)
    return {constant: name(path) for path in files(f"operator/plan/{folder}/*.cc") if path.name != "registry.cc"
            for constant in pattern.findall(path.read_text())}


def registered(folder: str) -> list[str]:
    return re.findall(r"&(k\w+)", (ROOT / "operator" / "plan" / folder / "registry.cc").read_text())


@pytest.mark.parametrize("folder", REGISTRIES)
def test_registry_names_each_file_once(folder):
    rows, constants = registered(folder), defined(folder, REGISTRIES[folder])
    assert rows, f"operator/plan/{folder}/registry.cc lists nothing"
    assert len(rows) == len(set(rows)), f"listed twice in operator/plan/{folder}/registry.cc: {rows}"
    missing = {constant: path for constant, path in constants.items() if constant not in rows}
    assert not missing, f"not in operator/plan/{folder}/registry.cc: {missing}"
    assert set(rows) == set(constants)
