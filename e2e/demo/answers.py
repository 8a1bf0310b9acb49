"""The requests that the demo sends, what each should bring, and the table of what it did bring."""
import concurrent.futures
import dataclasses
import subprocess
from typing import Callable

INTERNET, OFFICE, INSIDE = "198.51.100.10", "203.0.113.10", "10.251.0.2"
WHO = {INTERNET: "the internet", OFFICE: "the office", INSIDE: "your network"}

REFUSED = "refused"
NO_ROUTE = "404"
REFUSED_SECONDS = 2
# A site that has just been declared may need a moment; a refusal is believed at once.
ATTEMPTS_SECONDS = 20


@dataclasses.dataclass(frozen=True)
class Request:
    client: str
    tier: str
    host: str
    expected: str  # an application's name, NO_ROUTE or REFUSED
    why: str
    scheme: str = "http"


REQUESTS = (
    Request(INTERNET, "public", "shop.example.com", "shop", "the public site, through the public address"),
    Request(INTERNET, "public", "shop.example.com", "shop", "and with TLS, by the default certificate", "https"),
    Request(INTERNET, "private", "shop.example.com", REFUSED, "the private tier has no door to the internet"),
    Request(INTERNET, "staging", "shop.example.com", REFUSED, "nor has staging"),
    Request(INSIDE, "private", "shop.example.com", NO_ROUTE, "the public site is not on the private tier"),
    Request(OFFICE, "staging", "shop.example.com", NO_ROUTE, "nor on staging"),
    Request(INSIDE, "private", "wiki.example.com", "wiki", "an Ingress without a class is private"),
    Request(INTERNET, "public", "wiki.example.com", NO_ROUTE, "and nothing of it is public"),
    Request(INTERNET, "private", "wiki.example.com", REFUSED, "wherever one asks"),
    Request(OFFICE, "staging", "next.shop.example.com", "preview", "staging answers the office"),
    Request(INTERNET, "staging", "next.shop.example.com", REFUSED, "and nobody else"),
    Request(INSIDE, "staging", "next.shop.example.com", REFUSED, "not even from inside"),
)


def curl(request: Request, address: str) -> list[str]:
    port = 443 if request.scheme == "https" else 80
    return ["curl", "--silent", "--insecure", "--output", "/dev/null", "--max-time", str(REFUSED_SECONDS),
            "--write-out", "%{http_code} %header{x-echo-app}", "--resolve", f"{request.host}:{port}:{address}",
            f"{request.scheme}://{request.host}/"]


def read(result: subprocess.CompletedProcess) -> str:
    """`200 shop`, `404`, `refused (no answer)` or `refused (403)`."""
    code, _, app = result.stdout.strip().partition(" ")
    if result.returncode in (7, 28, 35, 52, 56):
        return "refused (no answer)"
    if result.returncode != 0:
        return f"curl ended with {result.returncode}"
    return "refused (403)" if code == "403" and not app else f"{code} {app}".strip()


def as_expected(expected: str, actual: str) -> bool:
    if expected == REFUSED:
        return actual.startswith(REFUSED)
    return actual == (NO_ROUTE if expected == NO_ROUTE else f"200 {expected}")


def ask_all(ask: Callable[[Request], str], asked: list[Request]) -> list[str]:
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(ask, asked))


def print_table(requests: list[Request], actual: list[str], addresses: dict[str, str], name_of: Callable[[str], str]) -> int:
    """Prints the table and returns how many answers are not as expected."""
    rows = [("client", "tier", "request", "expected", "actual", "", "")]
    wrong = 0
    for request, answer in zip(requests, actual):
        good = as_expected(request.expected, answer)
        wrong += not good
        expected = request.expected if request.expected in (REFUSED, NO_ROUTE) else f"200 {request.expected}"
        rows.append((name_of(request.client), f"{request.tier} {addresses[request.tier]}",
                     f"{request.scheme}://{request.host}", expected, answer, "✓" if good else "✗", request.why))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return wrong
