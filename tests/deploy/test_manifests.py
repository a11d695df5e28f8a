"""Does what deploy/ starts exist in the code: verbs, options, settings, versions?"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
import yaml

from infra.cli.main import VERBS, registrar
from infra.engines.account import EngineError
from infra.engines.java import jdk
from infra.engines.maven import maven, version
from infra.logins import Login
from infra.settings.fields import Settings, variable
from infra.supervisor.cluster import WORKERS
from projections.register import READINGS

DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm" / "registrar"
KUBERNETES = "1.31.0"
ELSEWHERE = {variable("host"), variable("port")}
KEYS = {variable("keys_url"), variable("epoch_keys")}
SEALING = {variable("log_key"), variable("log_origin"), variable("anchors")}
IDENTITY = {
    variable(name)
    for name in (
        *("issuer", "issuer_authorities", "audience", "clock_skew_seconds", "plain_tokens"),
        *("roles_claim", "tenant_claim", "subject_claim", "strong_acr", "public_url"),
        *("console_client", "console_secret", "cors_origins"),
    )
}
COMMAND_LINE = {variable(name) for name in ("token", "token_file", "client_id", "client_secret")}
KNOWN = {variable(name) for name in Settings.__struct_fields__}
HELM = Path(__file__).with_name("helm")
HELM_SECONDS_MAX, FETCH_SECONDS_MAX = 60, 300


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of the compose file."""
    content = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return dict(content["services"])


@pytest.fixture(scope="module")
def processes(services: dict[str, Any]) -> dict[str, Any]:
    """Those of them that are registrar's own."""
    return {name: one for name, one in services.items() if one["image"] == "registrar"}


class Chart:
    """A chart, and helm as a Java library to render it with."""

    def __init__(self, java: str, library: Path, folder: Path) -> None:
        self._command = [java, "-cp", f"{library}/*", str(HELM / "Template.java"), str(folder)]

    def rendered(self, *values: str) -> list[dict[str, Any]]:
        """Return the objects that it makes, with these values (name=value) and else its own."""
        made = _ran([*self._command, KUBERNETES, *values], HELM_SECONDS_MAX)
        return [one for one in yaml.safe_load_all(made) if one]


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Chart:
    """The chart, where Java and Maven are. Its hook is an object like others, because the library
    leaves hooks out."""
    try:
        java, mvn = jdk(11, "Helm's library").java, maven()
    except EngineError as error:
        pytest.skip(str(error))
    library = tmp_path_factory.mktemp("helm")
    fetch = [mvn, "-q", "-B", "-f", str(HELM / "pom.xml"), "dependency:copy-dependencies"]
    _ran([*fetch, f"-DoutputDirectory={library}"], FETCH_SECONDS_MAX)
    copy = shutil.copytree(CHART, tmp_path_factory.mktemp("chart") / CHART.name)
    migrate = copy / "templates" / "migrate.yaml"
    lines = migrate.read_text().splitlines(keepends=True)
    hooks = [line for line in lines if "helm.sh/hook" in line]
    assert len(hooks) == 2
    migrate.write_text("".join(line for line in lines if line not in hooks))
    return Chart(java, library, copy)


@pytest.fixture(scope="module")
def objects(chart: Chart) -> list[dict[str, Any]]:
    """What the chart makes with its own values, rendered by helm."""
    return chart.rendered()


def _ran(command: list[str], seconds: int) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def accepted(arguments: list[str]) -> None:
    """Assert that the command line knows this verb with these options and arguments."""
    verb, *rest = arguments
    assert verb in VERBS
    command = registrar.get_command(click.Context(registrar), verb)
    assert command is not None
    command.make_context(verb, rest)  # raises UsageError on what it does not know


def kept_up(command: Sequence[str]) -> frozenset[str]:
    """Return the readings that a worker is told to keep up."""
    return frozenset(one.name for one in READINGS if one.name in command)


def containers(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield every pod's kind of owner, its spec, and its container."""
    for one in objects:
        template = one.get("spec", {}).get("template")
        for container in template["spec"]["containers"] if template else ():
            yield one["kind"], template["spec"], container


def test_every_process_of_the_compose_file_is_a_command_line(processes: dict[str, Any]) -> None:
    """And so are all that make a cluster: APIs, relay, followers, a worker for each reading."""
    for process in processes.values():
        accepted([str(word) for word in process["command"]])
        assert set(process["environment"]) <= KNOWN
    commands = [process["command"] for process in processes.values()]
    kept = {kept_up(command) for command in commands if command[0] == "work"}
    assert kept == set(map(frozenset, WORKERS.values()))
    assert sum(command[0] == "relay" for command in commands) == 2
    assert sum(command[0] == "follow" for command in commands) == 2
    assert {command[2] for command in commands if command[0] == "serve"} == {"commands", "queries"}


def test_every_process_of_the_compose_file_is_asked_at_its_own_port(
    processes: dict[str, Any],
) -> None:
    """They share the host's network, so no two have one port, and each is probed at its own."""
    ports = []
    for name, process in processes.items():
        if name == "migrate":
            continue
        command = process["command"]
        ports.append(command[command.index("--port" if "serve" in command else "--probe-port") + 1])
        assert f"127.0.0.1:{ports[-1]}/" in process["healthcheck"]["test"][-1]
    assert len(set(ports)) == len(ports) == len(processes) - 1


OWNER = "registrar"
LOGINS = {
    "serve --only commands": Login.COMMANDS.value,
    "serve --only queries": Login.QUERIES.value,
    "work": Login.WORKERS.value,
    "follow": Login.FOLLOWERS.value,
    "relay": Login.RELAYS.value,
    "migrate": OWNER,
}


def login_of(command: Sequence[str]) -> str:
    """Return as whom a process is to log in to the database."""
    line = " ".join(command)
    return next(login for words, login in LOGINS.items() if line.startswith(words))


def test_each_process_of_the_compose_file_logs_in_as_its_kind(services: dict[str, Any]) -> None:
    """The owner migrates, and the first start makes the other logins."""
    logging_in = set()
    for process in services.values():
        if process["image"] == "registrar":
            user = urlsplit(process["environment"]["REGISTRAR_DATABASE_URL"]).username
            assert user == login_of(process["command"])
            logging_in.add(user)
    content = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["configs"]["logins"]["content"]
    made = set(re.findall(r"create role (\w+) login password", content))
    assert made == logging_in - {OWNER} == {one.value for one in Login}


def test_each_process_of_the_chart_logs_in_as_its_kind(objects: list[dict[str, Any]]) -> None:
    """By an address of its own in the Secret; nobody but the migration gets the owner's."""
    for _, _, container in containers(objects):
        (entry,) = [one for one in container["env"] if one["name"] == "REGISTRAR_DATABASE_URL"]
        key = entry["valueFrom"]["secretKeyRef"]["key"]
        login = login_of(container["args"]).removeprefix("registrar_")
        assert key == ("database-url" if login == OWNER else f"{login}-url")


def test_engines_are_published_on_loopback_in_the_tested_versions(services: dict[str, Any]) -> None:
    """The images are of the versions that the tests run on."""
    assert services["kafka"]["image"].endswith(f":{version('kafka')}")
    assert services["elasticsearch"]["image"].endswith(f":{version('elasticsearch')}")
    for name in ("postgres", "kafka", "elasticsearch", "redis"):
        assert services[name]["healthcheck"]["test"]
        assert all(port.startswith("127.0.0.1:") for port in services[name]["ports"])


def test_the_image_copies_all_that_the_wheel_needs() -> None:
    """Every copied path is there, and let through to the build."""
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    copied: set[str] = set()
    for words in re.findall(
        r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Containerfile").read_text(), re.M
    ):
        copied |= set(words.split())
    assert copied == allowed
    for path in copied:
        assert (DEPLOY.parent / path).exists()


def test_the_chart_starts_what_the_compose_file_starts(objects: list[dict[str, Any]]) -> None:
    """Every process exists as a command line, and every variable as a setting."""
    started, kept = set(), set()
    for _, _, container in containers(objects):
        accepted(container["args"])
        kept.add(kept_up(container["args"]))
        started.add(" ".join(container["args"][:3] if "serve" in container["args"] else []))
        names = {entry["name"] for entry in container["env"]} - {"POD_NAME"}
        assert names - KEYS == KNOWN - ELSEWHERE - SEALING - KEYS - IDENTITY - COMMAND_LINE
        assert names.isdisjoint(KEYS) is (container["args"][0] not in ("serve", "follow"))
    assert {"serve --only commands", "serve --only queries"} <= started
    kinds = {(one["kind"], one["metadata"]["name"]) for one in objects}
    for name, readings in WORKERS.items():
        assert ("StatefulSet", f"test-work-{name}") in kinds
        assert frozenset(readings) in kept
    assert {("Deployment", "test-relay"), ("Deployment", "test-follow")} <= kinds
    assert ("Job", "test-migrate") in kinds


def test_every_pod_of_the_chart_is_confined_probed_and_holds_no_secret(
    objects: list[dict[str, Any]],
) -> None:
    """Not root, nothing to write to but /tmp, secrets by reference, probes on what runs long."""
    for kind, pod, container in containers(objects):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        if kind != "Job":
            assert container["livenessProbe"]
            assert container["readinessProbe"]
        for entry in container["env"]:
            if entry["name"].endswith("_URL"):
                assert set(entry["valueFrom"]) == {"secretKeyRef"}
    assert not [one for one in objects if one["kind"] == "Secret"]


def test_what_scales_or_may_be_disrupted_names_what_is_there(objects: list[dict[str, Any]]) -> None:
    """Autoscalers aim at workloads of the chart, and every workload has a disruption budget."""
    workloads = {
        (one["kind"], one["metadata"]["name"])
        for one in objects
        if one["kind"] in ("Deployment", "StatefulSet")
    }
    scalers = [one for one in objects if one["kind"] == "HorizontalPodAutoscaler"]
    aims = {
        (one["spec"]["scaleTargetRef"]["kind"], one["spec"]["scaleTargetRef"]["name"])
        for one in scalers
    }
    assert aims <= workloads
    assert "registrar_reading_lag_positions" in json.dumps(scalers)
    budgets = {one["metadata"]["name"] for one in objects if one["kind"] == "PodDisruptionBudget"}
    assert budgets == {name for _, name in workloads}


def test_only_the_followers_get_the_key_that_seals_the_log(
    chart: Chart, objects: list[dict[str, Any]]
) -> None:
    """From a Secret of its own, mounted to be read; without one nobody is told to seal."""
    sealing = chart.rendered(
        "sealing.secret=log", "sealing.origin=a.example/log", "sealing.anchorsClaim=outside"
    )
    with_key = [
        (pod, container)
        for _, pod, container in containers(sealing)
        if "REGISTRAR_LOG_KEY" in {entry["name"] for entry in container["env"]}
    ]
    ((pod, container),) = with_key
    assert container["args"][0] == "follow"
    (mount,) = [one for one in container["volumeMounts"] if one["name"] == "log-key"]
    assert mount["readOnly"] is True
    (volume,) = [one for one in pod["volumes"] if one["name"] == "log-key"]
    assert volume["secret"] == {"secretName": "log", "defaultMode": 0o440}
    values = {entry["name"]: entry.get("value") for entry in container["env"]}
    mounted = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    assert mounted[values["REGISTRAR_ANCHORS"]] == "anchors"
    assert {"name": "anchors", "persistentVolumeClaim": {"claimName": "outside"}} in pod["volumes"]
    assert values.keys() >= SEALING


def test_who_is_let_in_is_set_for_every_process(chart: Chart) -> None:
    """Each setting by its name; nobody is let in without an issuer where one is named."""
    url = "https://id.example.org/realms/registrar"
    objects = chart.rendered(f"identity.issuer={url}", "identity.roles_claim=roles")
    for _, _, container in containers(objects):
        values = {entry["name"]: entry.get("value") for entry in container["env"]}
        assert values["REGISTRAR_ACCESS"] == "issuer"
        assert values["REGISTRAR_ISSUER"] == url
        assert values["REGISTRAR_ROLES_CLAIM"] == "roles"
        assert values["REGISTRAR_CONSOLE_SECRET"] is None


def test_without_a_gateway_the_chart_opens_no_service(
    chart: Chart, objects: list[dict[str, Any]]
) -> None:
    """The APIs listen on loopback while access control is off; only a gateway leads there."""
    assert not [one for one in objects if one["kind"] == "Service" and "ports" in one["spec"]]
    served = chart.rendered("gateway.port=4180", "gateway.container.image=gateway:1")
    names = {
        one["metadata"]["name"]
        for one in served
        if one["kind"] == "Service" and "ports" in one["spec"]
    }
    assert names == {"test-commands", "test-queries"}
