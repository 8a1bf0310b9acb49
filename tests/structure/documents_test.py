"""What is said in documents is there: links, anchors, the list of decisions, versions."""
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from repository import ROOT, files, name

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
CODE = re.compile(r"^(```|~~~).*?^\1[^\n]*$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
DOCUMENTS = files("*.md")
NAMES = [name(path) for path in DOCUMENTS]


def prose(path: Path) -> str:
    return CODE.sub("", path.read_text())


def anchors(path: Path) -> set[str]:
    """As GitHub makes them from headings."""
    found: dict[str, int] = {}
    result = set()
    body = re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", body, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = found.get(slug, 0)
        found[slug] = count + 1
        result.add(f"{slug}-{count}" if count else slug)
    return result


@pytest.mark.parametrize("document", NAMES)
def test_links_resolve(document):
    document = ROOT / document
    broken = []
    for link in LINK.findall(prose(document)):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        target, _, anchor = link.partition("#")
        path = (document.parent / unquote(target)).resolve() if target else document
        if not path.exists() or not path.is_relative_to(ROOT):
            broken.append(f"{link}: no such file")
        elif anchor and path.suffix == ".md" and anchor not in anchors(path):
            broken.append(f"{link}: no such heading")
    assert not broken, "\n".join(broken)


def test_every_document_is_reached_from_the_readme():
    """What nothing links to is not read."""
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        for link in LINK.findall(prose(path)):
            target = (path.parent / unquote(link.partition("#")[0])).resolve()
            if target.is_dir():
                target /= "README.md"
            if target.is_file() and target.is_relative_to(ROOT):
                waiting.append(target)
    lost = [name(path) for path in DOCUMENTS if path not in reached and (path.is_relative_to(ROOT / "docs") or path.parent == ROOT)]
    assert not lost, f"linked from nowhere: {lost}"


def test_every_decision_is_listed_and_has_its_own_number():
    decisions = [path for path in files("docs/adr/*.md") if re.match(r"\d{4}-", path.name)]
    assert decisions
    index = (ROOT / "docs" / "adr" / "README.md").read_text()
    assert not [path.name for path in decisions if f"({path.name})" not in index]
    numbers = [path.name[:4] for path in decisions if not path.name.startswith("0000-")]
    assert len(numbers) == len(set(numbers)), numbers


@pytest.mark.parametrize("heading", ["Context", "Options", "Decision", "Consequences"])
def test_every_decision_has_the_parts_of_the_template(heading):
    without = [path.name for path in files("docs/adr/*.md") if re.match(r"\d{4}-", path.name)
               and not re.search(rf"^## {heading}", path.read_text(), re.MULTILINE)]
    assert not without, f"no heading {heading}: {without}"


def test_one_version():
    version = (ROOT / "VERSION").read_text().strip()
    chart = yaml.safe_load((ROOT / "charts" / "ingressfleet" / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version, version)
    assert re.search(rf"^## \[?{re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split())
    described = set(re.findall(r"^([a-z0-9-]+):.*## ", makefile, re.MULTILINE))
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    assert phony == described == targets
