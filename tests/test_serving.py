"""docker/: what is copied is there, and commands, options and variables are the product's."""

from __future__ import annotations

import ast
import fnmatch
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from core.cli import main
from core.serve.plan import NAME, Plan
from editor import read_settings
from editor.programs.routes import PROGRAMS
from editor.settings import AppSettings

ROOT = Path(__file__).resolve().parent.parent
DOCKER = ROOT / "docker"


def instructions() -> list[tuple[str, str]]:
    """List the Dockerfile's instructions with their words, joined over lines."""
    text = re.sub(r"^#.*\n", "", (DOCKER / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return [(name, " ".join(words.split())) for name, words in lines]


def of(name: str) -> list[str]:
    return [words for each, words in instructions() if each == name]


def variables() -> dict[str, str]:
    """Return the environment of the last stage."""
    pairs = [pair.split("=", 1) for words in of("ENV") for pair in words.split()]
    return dict(pairs)


def healthcheck() -> str:
    """Return the program that asks whether the editor answers."""
    (words,) = of("HEALTHCHECK")
    python, flag, program = json.loads(words.partition("CMD ")[2])
    assert (python, flag) == ("python", "-c")
    return str(program)


def copied() -> Iterator[str]:
    for words in of("COPY"):
        if not words.startswith("--from"):
            yield from words.split()[:-1]


def services(name: str = "compose.yaml") -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((DOCKER / name).read_text())["services"]
    return found


def test_all_that_the_image_copies_is_there_and_is_all_that_the_wheel_is_built_of() -> None:
    ignored = [line for line in (DOCKER / "Dockerfile.dockerignore").read_text().split("\n") if line and line[0] != "#"]
    found = list(copied())
    assert {"pyproject.toml", "setup.py", "app.py", "core", "editor", "assets", "constraints.txt"} < set(found)
    for name in found:
        assert (ROOT / name).exists(), name
        assert not any(fnmatch.fnmatch(name, pattern) for pattern in ignored), name
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    dynamic = project["tool"]["setuptools"]["dynamic"]
    extras = dynamic["optional-dependencies"].values()
    read = [*dynamic["dependencies"]["file"], *(name for extra in extras for name in extra["file"])]
    assert {*read, project["project"]["readme"], *project["project"]["license-files"]} <= set(found)


def test_the_image_starts_a_command_of_the_wheel_as_nobody_special() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    (entry,) = of("ENTRYPOINT")
    assert json.loads(entry) == ["maskgit-editor"]
    assert json.loads(entry)[0] in scripts
    (user,) = of("USER")
    assert user.split(":")[0] not in ("0", "root")


def test_its_environment_and_each_services_options_are_the_editors() -> None:
    port = int(of("EXPOSE")[0])
    settings = read_settings([], variables())
    assert (settings.host, settings.port) == ("0.0.0.0", port)
    for name, service in services().items():
        chosen = read_settings(service["command"], variables())
        assert chosen == AppSettings(host="0.0.0.0", port=port, device=name)
        (published,) = service["ports"]
        assert published == f"127.0.0.1:{port}:{port}", "strangers are let in by whoever chooses to"


def test_its_health_is_asked_where_the_editor_answers() -> None:
    program = healthcheck()
    ast.parse(program)
    assert f"http://127.0.0.1:{of('EXPOSE')[0]}{PROGRAMS}openapi.json" in program


def test_services_build_this_image_with_arguments_that_it_takes() -> None:
    taken = {words.partition("=")[0] for words in of("ARG")}
    both = services()
    assert set(both) == {"cpu", "cuda"}
    for name, service in both.items():
        assert (DOCKER / service["build"]["context"]).resolve() == ROOT
        assert (ROOT / service["build"]["dockerfile"]).is_file()
        assert set(service["build"].get("args", {})) <= taken
        assert service["profiles"] == [name]
        assert {volume.partition(":")[2] for volume in service["volumes"]} == set(of("VOLUME"))
    (device,) = both["cuda"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert "deploy" not in both["cpu"]


def test_a_cluster_is_reached_by_its_proxy_and_joined_with_its_token() -> None:
    cluster = services("cluster.yaml")
    assert set(cluster) == {"head", "worker", "page", "proxy"}
    proxy = cluster.pop("proxy")
    assert proxy["ports"] == [f"127.0.0.1:{of('EXPOSE')[0]}:{of('EXPOSE')[0]}"]
    for service in cluster.values():
        assert "ports" not in service, "strangers would reach it"
        assert service["environment"]["RAY_AUTH_MODE"] == "token"
        assert service["environment"]["RAY_AUTH_TOKEN"].startswith("${RAY_AUTH_TOKEN:?"), "none is written here"
        assert service["environment"]["RAY_USAGE_STATS_ENABLED"] == "0"
        assert (ROOT / service["build"]["args"]["ALSO"]).is_file()
        assert set(service["build"]["args"]) <= {words.partition("=")[0] for words in of("ARG")}
    assert cluster["worker"]["deploy"] == {"replicas": 2}


def test_a_clusters_commands_and_files_are_the_products() -> None:
    cluster = services("cluster.yaml")
    for name in ("head", "worker", "page"):
        (command,) = cluster[name]["command"]
        (started,) = (words for words in command.split("&&") if "ray start" in words)
        assert ("--head" in started) == (name == "head")
        assert name == "head" or "--address=head:6379" in started
        for path in (each.split(":")[0] for each in cluster[name]["volumes"] if each.startswith("./")):
            assert (DOCKER / path).is_file(), path
    (options,) = re.findall(r"maskgit-editor (.+)", cluster["page"]["command"][0])
    assert read_settings(options.split(), variables()).engine == "ray"
    deployed = yaml.safe_load((DOCKER / "replicas.yaml").read_text())
    assert deployed["proxy_location"] == "Disabled"
    (application,) = deployed["applications"]
    assert (application["name"], application["route_prefix"]) == (NAME, None)
    assert Plan.read(application["args"]).most == cluster["worker"]["deploy"]["replicas"]
    module, _, function = application["import_path"].removeprefix("maskgit_editor.").partition(":")
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_proxy_keeps_a_browser_at_its_page() -> None:
    text = (DOCKER / "haproxy.cfg").read_text()
    port = of("EXPOSE")[0]
    assert f"bind :{port}\n" in text
    assert re.search(rf"server-template page \d+ page:{port} check", text)
    assert re.search(r"cookie \S+ insert indirect nocache httponly dynamic", text)
    assert f"httpchk GET {PROGRAMS}openapi.json" in text


def test_commands_in_the_document_are_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "serving.md").read_text()
    asked = re.findall(r"docker compose -f (\S+) up (\w+)", text)
    assert {name for _, name in asked} == set(services())
    assert all((ROOT / path).is_file() for path, _ in asked)
    (built,) = re.findall(r"docker build -f (\S+)", text)
    assert (ROOT / built).is_file()
    for command in re.findall(r"^ {4}maskgit (\w+)", text, re.M):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
    assert "--image" in capsys.readouterr().out


def test_the_space_is_described_as_the_hub_reads_it() -> None:
    _, matter, _ = (ROOT / "README.md").read_text().split("---\n", 2)
    space = yaml.safe_load(matter)
    pinned = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split("\n") if "==" in line)
    assert space["sdk_version"] == pinned["gradio"]
    assert (ROOT / space["app_file"]).is_file()
    assert len(space["short_description"]) <= 60, "the Hub refuses longer ones"
    assert re.fullmatch(r"\d+[mh]", space["startup_duration_timeout"])
    assert space["suggested_hardware"] == "cpu-basic"
    thumbnail = re.fullmatch(r"https://huggingface.co/spaces/NAME/[\w-]+/resolve/main/(\S+)", space["thumbnail"])
    assert thumbnail is not None
    assert (ROOT / thumbnail[1]).is_file()


def test_versions_that_zerogpu_offers_are_in_the_products_ranges() -> None:
    text = " ".join((ROOT / "docs" / "serving.md").read_text().split())
    offered, python = re.findall(r"ZeroGPU offered PyTorch (.*?) with Python (\S+) in", text)[0]
    wanted = (ROOT / "requirements.txt").read_text()
    torch = Requirement(next(line for line in wanted.split("\n") if line.startswith("torch")))
    fitting = [each for each in re.findall(r"[\d.]+\d", offered) if torch.specifier.contains(each)]
    assert len(fitting) >= 2
    (chosen,) = re.findall(r"torch==([\d.]+)/'", text)
    assert chosen == fitting[-1]
    _, matter, _ = (ROOT / "README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(matter)["python_version"] == python
