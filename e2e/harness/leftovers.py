"""What a run that was cut off has left on a reused cluster."""
from harness import apps, sites
from harness.fleet import NAMESPACE
from harness.kube import ApiError, Kube
from harness.waiting import NotYet, wait_until

SELECTOR = ",".join(f"{key}={value}" for key, value in apps.LABELS.items())
FOREIGN_CONTROLLER = "example.test/"  # of the IngressClasses that scenarios make beside the fleet's
GONE_SECONDS = 180


def remove(kube: Kube) -> None:
    """Everything of the scenarios but the namespaces of the sites, which stay warm. The operator must run: fleets have its finalizer."""
    for ingress in kube.list("Ingress", selector=SELECTOR):
        kube.delete("Ingress", ingress["metadata"]["name"], ingress["metadata"]["namespace"])
    for found in kube.list("IngressClass"):
        if found["spec"].get("controller", "").startswith(FOREIGN_CONTROLLER):
            kube.delete("IngressClass", found["metadata"]["name"])
    for fleet in kube.list("IngressFleet"):
        _force(kube, fleet["metadata"]["name"])
    wait_until(lambda: _none_is_left(kube.list("IngressFleet")), "fleets of an earlier run are gone", GONE_SECONDS)
    spaces = [NAMESPACE, *(space["metadata"]["name"] for space in kube.list("Namespace", selector=SELECTOR)
                           if space["metadata"]["name"] not in (sites.SPACE, sites.STAGING_SPACE))]
    for space in spaces:
        kube.delete("Namespace", space)
    wait_until(lambda: _none_is_left([space for space in kube.list("Namespace") if space["metadata"]["name"] in spaces]),
               "namespaces of an earlier run are gone", GONE_SECONDS)


def _force(kube: Kube, fleet: str) -> None:
    """Also one that is being deleted already, and waits for Ingresses of somebody else."""
    try:
        kube.patch("IngressFleet", fleet, "", {"spec": {"paused": None, "deletionPolicy": "Force"}})
    except ApiError as error:
        if error.status != 404:
            raise
    kube.delete("IngressFleet", fleet)


def _none_is_left(found: list[dict]) -> bool:
    if found:
        raise NotYet(", ".join(item["metadata"]["name"] for item in found))
    return True
