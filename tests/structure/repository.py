"""The files of this repository, for the tests beside this file."""
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def files(*patterns: str) -> list[Path]:
    """What is or would be committed, below the root; all of it, or what matches a pattern as of git ("*.md", "operator/*.h")."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
                            cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(path for path in {ROOT / name for name in listed.stdout.split("\0") if name} if path.is_file())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text(path: Path) -> str | None:
    """None for a binary file."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return None
