"""Reference pages name what the code has, and nothing else."""
import re

from repository import ROOT, files

CLI = ROOT / "docs" / "reference" / "cli.md"
METRICS = ROOT / "docs" / "reference" / "metrics.md"


def test_every_option_is_documented():
    source = (ROOT / "operator" / "app" / "main.cc").read_text()
    options = {option for text in re.findall(r'add_(?:option|flag)\("([^"]+)"', source) for option in text.split(",")}
    assert options
    documented = {word for line in CLI.read_text().splitlines() if line.startswith("| `-") for word in re.findall(r"`(--?[a-z][a-z-]*)`", line.split("|")[1])}
    assert documented == options


def test_every_command_is_documented():
    source = (ROOT / "operator" / "app" / "main.cc").read_text()
    commands = set(re.findall(r'add_subcommand\("([^"]+)"', source))
    assert commands and commands == set(re.findall(r"^## (\w+)$", CLI.read_text(), re.MULTILINE))


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
