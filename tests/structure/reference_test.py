"""Reference pages name what the code has, and nothing else."""
import re

import pytest

from repository import ROOT, files

CLI = ROOT / "docs" / "reference" / "cli.md"
PLUGIN = "## kubectl ingressfleet"
METRICS = ROOT / "docs" / "reference" / "metrics.md"


def source_and_page(binary):
    """What a binary's parser has, and its part of the page."""
    operator, plugin = CLI.read_text().split(f"\n{PLUGIN}\n")
    source = {"ingressfleet": "operator/app/main.cc", "kubectl-ingressfleet": "operator/cli/main.cc"}[binary]
    return (ROOT / source).read_text(), operator if binary == "ingressfleet" else plugin


@pytest.mark.parametrize("binary", ["ingressfleet", "kubectl-ingressfleet"])
def test_every_option_is_documented(binary):
    source, page = source_and_page(binary)
    options = {option.split("{")[0] for text in re.findall(r'(?:add_(?:option|flag)|set_version_flag)\("(-[^"]+)"', source) for option in text.split(",")}
    assert options
    documented = {word for line in page.splitlines() if line.startswith("| `-") for word in re.findall(r"`(--?[a-z][a-z-]*)`", line.split("|")[1])}
    assert documented == options


def test_every_command_is_documented():
    source, page = source_and_page("ingressfleet")
    commands = set(re.findall(r'add_subcommand\("([^"]+)"', source))
    assert commands and commands == set(re.findall(r"^## (\w+)$", page, re.MULTILINE))


def test_every_verb_of_the_plugin_is_documented():
    source, page = source_and_page("kubectl-ingressfleet")
    verbs = set(re.findall(r'add_subcommand\("([^"]+)"', source))
    verbs |= set(re.findall(r'^    \{"(\w+)", RequestKind::', (ROOT / "operator" / "cli" / "order.cc").read_text(), re.MULTILINE))
    assert len(verbs) > 2 and verbs == {verb for heading in re.findall(r"^### (.*)$", page, re.MULTILINE) for verb in heading.split(", ")}


def test_every_metric_is_documented_with_its_type():
    row = re.compile(r'\{"([a-z_]+)",\s*(?:io::)?MetricType::k(\w+)')
    in_code = {name: kind.lower() for path in files("operator/*.cc") for name, kind in row.findall(path.read_text())}
    in_page = {line.split("|")[1].strip(" `"): line.split("|")[2].strip() for line in METRICS.read_text().splitlines() if line.startswith("| `")}
    assert in_code and in_page == in_code


def test_chart_sets_only_options_that_exist():
    source = (ROOT / "operator" / "app" / "main.cc").read_text()
    template = (ROOT / "charts" / "ingressfleet" / "templates" / "deployment.yaml").read_text()
    for option in re.findall(r"^\s+- (--[a-z-]+)=", template, re.MULTILINE):
        assert f'"{option}"' in source, option


def test_chart_offers_the_log_levels_that_exist():
    source = (ROOT / "operator" / "app" / "main.cc").read_text()
    levels = re.findall(r'\{"(\w+)", base::LogLevel::', source)
    assert levels and re.search(r'"level": \{"enum": \[(.*?)\]\}', (ROOT / "charts" / "ingressfleet" / "values.schema.json").read_text()).group(1) == ", ".join(f'"{level}"' for level in levels)
