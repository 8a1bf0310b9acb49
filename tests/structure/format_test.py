"""The C++ code is laid out as `make format` does it."""
import re
import shutil
import subprocess

import pytest
from repository import files

# Versions lay out some things differently: the one of Debian 12 decides.
VERSION = 14


def installed_version() -> int:
    if not shutil.which("clang-format"):
        return 0
    text = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"version (\d+)", text).group(1))


@pytest.mark.skipif(installed_version() != VERSION, reason=f"clang-format {VERSION} is not installed")
def test_layout():
    result = subprocess.run(["clang-format", "--dry-run", "--Werror", *files("*.h", "*.cc")], capture_output=True, text=True)
    assert result.returncode == 0, f"`make format` changes:\n{result.stderr[:4000]}"
