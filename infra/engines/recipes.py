"""What is each downloaded engine made of?"""

from __future__ import annotations

import platform
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from infra.engines.maven import version

Finish = Callable[[Path, Path], None]
"""Makes the engine's home, the second folder, of the fetched files in the first."""

MODULES_LEFT_OUT = (
    "counted-keyword",
    "dot-prefix-validation",
    "health-shards-availability",
    "old-lucene-versions",
    "rank-vectors",
    "user-agent",
    "x-pack-esql-core",
    "x-pack-geoip-enterprise-downloader",
    "x-pack-inference",
    "x-pack-migrate",
    "x-pack-redact",
)
"""Of Elasticsearch's modules, those that the archive holds without what they depend on."""
START_SCRIPT = """\
#!/bin/bash
set -e -o pipefail
source "$(dirname "$0")"/elasticsearch-env
export JAVA ES_HOME ES_PATH_CONF ES_DISTRIBUTION_TYPE JAVA_TYPE
exec "$JAVA" -Xms4m -Xmx64m -XX:+UseSerialGC $CLI_JAVA_OPTS \\
  -cp "$ES_HOME/lib/tools/server-launcher/*" \\
  org.elasticsearch.server.launcher.ServerLauncher "$@"
"""


class Recipe(NamedTuple):
    """How an engine is made. ``folder`` names its home in the cache, with the version."""

    name: str
    folder: str
    java_min: int
    megabytes: int
    """About as much is downloaded."""
    finish: Finish


def keep_jars(fetched: Path, home: Path) -> None:
    """Put the jars into ``libs/``."""
    fetched.rename(home / "libs")


def unpack_elasticsearch(fetched: Path, home: Path) -> None:
    """Unpack what is needed of ``elasticsearch/`` in the archive, and add the start script."""
    with zipfile.ZipFile(next(fetched.glob("*.zip"))) as packed:
        for member in packed.infolist():
            _, *parts = Path(member.filename).parts
            if parts[:1] != ["elasticsearch"] or member.is_dir() or not _needed(parts[1:]):
                continue
            target = home.joinpath(*parts[1:])
            target.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(member) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
    (home / "plugins").mkdir(exist_ok=True)
    script = home / "bin" / "elasticsearch"
    script.write_text(START_SCRIPT)
    script.chmod(0o755)


def _needed(parts: list[str]) -> bool:
    match parts:
        case ["modules", module, *_]:
            return module not in MODULES_LEFT_OUT
        case ["lib", "platform", other, *_]:
            return other == _platform()
        case _:
            return ".." not in parts


def _platform() -> str:
    machine = "aarch64" if platform.machine() in ("aarch64", "arm64") else "x64"
    return f"{platform.system().lower()}-{machine}"


KAFKA = Recipe("Kafka", f"kafka-{version('kafka')}", 17, 66, keep_jars)
ELASTICSEARCH = Recipe(
    "Elasticsearch",
    f"elasticsearch-{version('elasticsearch')}",
    21,
    950,
    unpack_elasticsearch,
)
RECIPES = (KAFKA, ELASTICSEARCH)
