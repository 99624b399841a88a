"""Image, compose file and manifests of ``deploy/``, read as an admission check would: no engine runs them here."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer.main
import yaml

from hub.cli.commands import app
from hub.cli.working import GRACE
from hub.settings import Settings
from tests.deploy.programs import DEPLOY, program

pytestmark = pytest.mark.files

KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
MARK = "Not run in CI"
DOCUMENTS = [one for file in KUBERNETES for one in yaml.safe_load_all(file.read_text("utf-8"))]
WORKLOADS = [one for one in DOCUMENTS if one["kind"] in ("Deployment", "Job")]
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
COMMANDS: set[str] = set(vars(typer.main.get_command(app))["commands"])
OURS = ("migrate", "hub", "worker")
_VERSIONS = {
    "Namespace": "v1", "ConfigMap": "v1", "Secret": "v1", "Service": "v1", "Deployment": "apps/v1", "Job": "batch/v1",
    "NetworkPolicy": "networking.k8s.io/v1", "PodDisruptionBudget": "policy/v1",
}  # fmt: skip

every_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda one: one["metadata"]["name"])
every_service = pytest.mark.parametrize("name", COMPOSE["services"])


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [one for one in DOCUMENTS if one["kind"] == kind]


def pod(workload: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = workload["spec"]["template"]["spec"]
    return found


def settings_of(given: dict[str, str]) -> Settings:
    """Read variables as the hub does; what names another place is left out. :raises ValidationError: one is none."""
    fields = {name.removeprefix("HUB_").lower(): value for name, value in given.items() if name != "HUB_SECRETS_DIR"}
    read: dict[str, Any] = {
        name: orjson.loads(text) if text.startswith(("[", "{")) else text for name, text in fields.items()
    }
    return Settings.model_validate({"keys": {1: b"\x01" * 32}, "index_key": b"\x02" * 32, **read})


def longest_end(going: float | None) -> float:
    """Return the seconds that a process may take to end. :param going: of ``hub serve``; None of a worker."""
    return GRACE if going is None else going + GRACE + GRACE  # requests first, then the relay


@pytest.mark.parametrize("file", ["Containerfile", "compose.yaml", "kubernetes/namespace.yaml", "README.md"])
def test_what_no_engine_runs_says_so(file: str) -> None:
    assert MARK in (DEPLOY / file).read_text("utf-8")


def test_every_test_that_is_named_is_there() -> None:
    files = [file for file in DEPLOY.rglob("*") if file.is_file() and "secrets" not in file.parts]
    named = {found for file in files for found in re.findall(r"\btests/[\w/]+\.py", file.read_text("utf-8"))}
    assert named
    assert {one for one in named if not (DEPLOY.parent / one).is_file()} == set()


# --- Kubernetes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: f"{one['kind']}/{one['metadata']['name']}")
def test_a_document_is_of_a_version_that_serves_it_and_stands_in_its_namespace(document: dict[str, Any]) -> None:
    assert document["apiVersion"] == _VERSIONS[document["kind"]]
    assert document["kind"] == "Namespace" or document["metadata"]["namespace"] == "one-plan-hub"


@every_workload
def test_a_pod_is_restricted(workload: dict[str, Any]) -> None:
    """As Pod Security Standards, *restricted*, ask, and besides with a file system that cannot be written."""
    spec = pod(workload)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"].keys() >= {"cpu", "memory"}
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert ":" in container["image"].rpartition("/")[2], "an image without a tag is another one tomorrow"
        assert not container["image"].endswith(":latest")


@every_workload
def test_a_pod_runs_a_command_of_the_hub_and_mounts_what_is_there(workload: dict[str, Any]) -> None:
    spec = pod(workload)
    volumes = {one["name"]: one for one in spec["volumes"]}
    for container in spec["containers"]:
        assert {one["name"] for one in container["volumeMounts"]} == volumes.keys()
        assert container["args"][0] in COMMANDS
        [source] = container["envFrom"]
        assert source["configMapRef"]["name"] in {one["metadata"]["name"] for one in of_kind("ConfigMap")}
    assert volumes["secrets"]["secret"]["secretName"] in {one["metadata"]["name"] for one in of_kind("Secret")}
    assert volumes["secrets"]["secret"]["defaultMode"] & 0o007 == 0, "hub check calls it critical"
    [settings] = of_kind("ConfigMap")
    mounts = [one for one in spec["containers"][0]["volumeMounts"] if one["name"] == "secrets"]
    assert [one["mountPath"] for one in mounts] == [settings["data"]["HUB_SECRETS_DIR"]]


@pytest.mark.parametrize(("name", "probed"), [("hub-serve", "http"), ("hub-worker", "numbers")])
def test_a_pod_is_probed_and_a_database_that_is_away_ends_no_process(name: str, probed: str) -> None:
    [container] = [pod(one)["containers"][0] for one in WORKLOADS if one["metadata"]["name"] == name]
    probes = [container[f"{what}Probe"]["httpGet"] for what in ("startup", "liveness", "readiness")]
    assert [one["path"] for one in probes] == ["/healthz", "/healthz", "/readyz"]
    assert {one["port"] for one in probes} == {probed}
    settings = settings_of(of_kind("ConfigMap")[0]["data"])
    ports = {"http": settings.port, "numbers": settings.metrics_port}
    assert all(one["containerPort"] == ports[one["name"]] for one in container["ports"])
    assert probed in {one["name"] for one in container["ports"]}
    assert settings.metrics_host == "0.0.0.0"  # noqa: S104 - who may come there, a NetworkPolicy says


def test_prometheus_is_let_in_to_the_numbers_and_the_proxy_to_the_door() -> None:
    let_in = {
        (source["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"], port["port"])
        for policy in of_kind("NetworkPolicy")
        for rule in policy["spec"].get("ingress", ())
        for source in rule["from"]
        for port in rule["ports"]
    }
    settings = settings_of(of_kind("ConfigMap")[0]["data"])
    assert let_in == {("proxy", settings.port), ("monitoring", settings.metrics_port)}


def test_there_is_time_to_end() -> None:
    going = settings_of(of_kind("ConfigMap")[0]["data"]).going_seconds
    for workload in of_kind("Deployment"):
        serves = workload["metadata"]["name"] == "hub-serve"
        assert pod(workload)["terminationGracePeriodSeconds"] > longest_end(going if serves else None)
        container = pod(workload)["containers"][0]
        if serves:
            assert going > 2 * container["readinessProbe"]["periodSeconds"], "it is sent to until two looks have failed"


@pytest.mark.parametrize("kind", ["PodDisruptionBudget", "NetworkPolicy", "Service", "Deployment"])
def test_selectors_find_pods(kind: str) -> None:
    labels = [workload["spec"]["template"]["metadata"]["labels"] for workload in WORKLOADS]
    for document in of_kind(kind):
        spec = document["spec"]
        wanted = spec.get("selector", spec.get("podSelector"))
        wanted = wanted.get("matchLabels", {} if kind == "NetworkPolicy" else wanted)
        assert any(wanted.items() <= one.items() for one in labels), document["metadata"]["name"]


def test_every_deployment_has_two_and_keeps_one_while_a_node_is_emptied() -> None:
    budgets = {one["spec"]["selector"]["matchLabels"]["app"]: one["spec"] for one in of_kind("PodDisruptionBudget")}
    for workload in of_kind("Deployment"):
        assert workload["spec"]["replicas"] >= 2
        assert budgets[workload["spec"]["selector"]["matchLabels"]["app"]]["minAvailable"] == 1


def test_nothing_may_come_or_go_unless_it_is_named() -> None:
    [everything] = [one["spec"] for one in of_kind("NetworkPolicy") if one["spec"]["podSelector"] == {}]
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_settings_of_the_cluster_read_and_hold_no_secret() -> None:
    [settings], [secret] = of_kind("ConfigMap"), of_kind("Secret")
    settings_of(settings["data"])
    assert {name.removeprefix("hub_") for name in secret["stringData"]} <= Settings.model_fields.keys()
    assert all("⟦" in value for value in secret["stringData"].values()), "an example holds no secret that works"


# --- compose --------------------------------------------------------------------------------------------------------


@every_service
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    if name != "broker":  # its image begins as root, and gives that up
        assert service["read_only"] is True
        assert int(service["user"].partition(":")[0]) > 0
    if "image" in service and name not in OURS:
        assert re.search(r":[^/]*\d", service["image"]), "pinned by a version"


@every_service
def test_what_a_service_names_is_there(name: str) -> None:
    service = COMPOSE["services"][name]
    assert set(service.get("depends_on", ())) <= COMPOSE["services"].keys()
    assert set(service["networks"]) <= COMPOSE["networks"].keys()
    assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys()
    named = [one.partition(":")[0] for one in service.get("volumes", ())]
    assert {one for one in named if not one.startswith("./")} <= COMPOSE["volumes"].keys()
    made = (DEPLOY / "new-secrets").read_text("utf-8")
    for place in [one for one in named if one.startswith("./")]:
        assert (DEPLOY / place).exists() or place.removeprefix("./") in made


def test_only_the_proxy_is_reached_from_outside_and_the_hub_believes_it_alone() -> None:
    services = COMPOSE["services"]
    assert [name for name in services if "ports" in services[name]] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    settings = settings_of(services["hub"]["environment"])
    assert [str(one.network_address) for one in settings.trusted_proxies] == [
        services["proxy"]["networks"]["inside"]["ipv4_address"]
    ]
    assert all(str(one).endswith("/32") for one in settings.trusted_proxies)


def test_a_service_of_the_hub_has_time_to_end() -> None:
    hub, worker = (COMPOSE["services"][name] for name in ("hub", "worker"))
    going = settings_of(hub["environment"]).going_seconds
    for service, seconds in ((hub, longest_end(going)), (worker, longest_end(None))):
        assert int(service["stop_grace_period"].removesuffix("s")) > seconds


def test_hub_and_worker_wait_for_the_tables() -> None:
    for name in ("hub", "worker"):
        assert COMPOSE["services"][name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert [COMPOSE["services"][name]["command"] for name in OURS] == [["migrate"], ["serve"], ["worker"]]


def test_every_secret_of_the_hub_is_a_setting_and_is_made() -> None:
    made = (DEPLOY / "new-secrets").read_text("utf-8")
    for name, secret in COMPOSE["secrets"].items():
        assert name == "database_password" or name.removeprefix("hub_") in Settings.model_fields
        assert secret["file"].removeprefix("./") in made


# --- the image ------------------------------------------------------------------------------------------------------


def _instructions(file: Path) -> Iterator[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", file.read_text("utf-8"))
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def test_the_image_is_not_root_is_pinned_and_installs_by_hash_alone() -> None:
    instructions = list(_instructions(DEPLOY / "Containerfile"))
    bases = [rest.split()[0] for word, rest in instructions if word == "FROM"]
    assert all(re.fullmatch(r"docker\.io/library/python:3\.11-slim-bookworm", base) for base in bases)
    [user] = [rest for word, rest in instructions if word == "USER"]
    assert int(user.partition(":")[0]) > 0
    installs = [part for _, rest in instructions for part in rest.split("&&") if "pip install" in part]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert "--only-binary :all:" in installs[0]
    assert "--no-deps" in installs[1], "what the wheel needs is in the lock"


def test_what_the_image_copies_is_let_through_and_nothing_else() -> None:
    copied = {
        source
        for word, rest in _instructions(DEPLOY / "Containerfile")
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    let_through = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").split()
    assert let_through[0] == "*"
    assert {one.removeprefix("!") for one in let_through[1:]} == copied


@pytest.mark.deploy
def test_what_new_secrets_makes_the_hub_reads_and_no_container_gets_the_key_of_the_clients_ca(tmp_path: Path) -> None:
    program("openssl", "openssl")
    script = tmp_path / "new-secrets"
    script.write_text((DEPLOY / "new-secrets").read_text("utf-8").replace('"$(id -u)" -eq 0', "1 -eq 0"), "utf-8")
    subprocess.run(["sh", str(script)], check=True, timeout=60)
    secrets = tmp_path / "secrets"
    made = {f"HUB_{path.name.removeprefix('hub_').upper()}": path.read_text("utf-8") for path in secrets.glob("hub_*")}
    assert {
        f"HUB_{name.removeprefix('hub_').upper()}" for name in COMPOSE["secrets"] if name.startswith("hub_")
    } == set(made)
    assert settings_of(made).broker_url.startswith("amqp://hub:")
    assert all(path.stat().st_mode & 0o077 == 0 for path in secrets.rglob("*"))
    assert not [path.name for path in (secrets / "tls").iterdir() if "clients" in path.name and path.suffix == ".key"]
