"""The applications behind the fleet of the sample: one site for each tier, and what must not be served."""
import dataclasses

from harness import apps
from harness.client import INSIDE, INTERNET, OFFICE, Answer, Client
from harness.cluster import Cluster
from harness.fleet import Fleet
from harness.waiting import NotYet, wait_until

SPACE = "e2e-sites"  # any namespace
STAGING_SPACE = "e2e-staging"  # one that the staging tier serves: env=staging


@dataclasses.dataclass(frozen=True)
class Site:
    app: str
    host: str
    tier: str  # where it must be found
    asks: str  # a source address that may reach that tier


SHOP = Site("shop", "shop.example.test", "public", INTERNET)
WIKI = Site("wiki", "wiki.example.test", "private", INSIDE)  # its Ingress names no class
PREVIEW = Site("preview", "preview.example.test", "staging", OFFICE)
ALL = (SHOP, WIKI, PREVIEW)
# Names the class of staging in a namespace that staging does not serve.
STRAY_HOST = "stray.example.test"


class Sites:
    def __init__(self, cluster: Cluster):
        self.kube = cluster.kube
        for manifest in manifests():
            self.kube.apply(manifest)

    def wait_until_ready(self) -> None:
        for site in ALL:
            apps.wait_until_rolled_out(self.kube, site.app, space(site))

    def wait_until_served(self, fleet: Fleet, client: Client, seconds: float = 60) -> None:
        def served() -> bool:
            for site in ALL:
                outcome = client.get(site.asks, fleet[site.tier].address, site.host)
                if not isinstance(outcome, Answer) or outcome.app != site.app:
                    raise NotYet(f"{site.host} at {site.tier}: {outcome}")
            return True

        # Two rounds: each tier has two proxies.
        wait_until(lambda: served() and served(), "each tier serves its site", seconds)

    def remove_ingresses(self) -> None:
        """A fleet is not taken down while Ingresses use its classes."""
        for manifest in manifests():
            if manifest["kind"] == "Ingress":
                self.kube.delete("Ingress", manifest["metadata"]["name"], manifest["metadata"]["namespace"])

    def reset(self) -> None:
        """Ingresses as they should be: the class of one that names none is decided when it is made, and the fleet may not have been there."""
        self.remove_ingresses()
        for manifest in manifests():
            if manifest["kind"] == "Ingress":
                self.kube.create(manifest)


def space(site: Site) -> str:
    return STAGING_SPACE if site is PREVIEW else SPACE


def manifests() -> list[dict]:
    made = [apps.namespace(SPACE), apps.namespace(STAGING_SPACE, env="staging")]
    for site in ALL:
        made += [apps.deployment(site.app, space(site)), apps.service(site.app, space(site))]
        made.append(apps.ingress(site.app, space(site), site.host, site.app, "" if site is WIKI else site.tier))
    made.append(apps.ingress("stray", SPACE, STRAY_HOST, SHOP.app, PREVIEW.tier))
    return made
