"""How is an Elasticsearch started, one node without security on loopback?"""

from __future__ import annotations

import http.client
import shutil
from pathlib import Path

from infra.engines.account import let_through
from infra.engines.engine import Engine
from infra.engines.java import WARM_SOON, jdk
from infra.engines.ports import HOST
from infra.engines.provision import found
from infra.engines.recipes import ELASTICSEARCH

HEAP = "512m"
ASK_SECONDS_MAX = 3.0
SETTINGS = """\
cluster.name: registrar
node.name: one
discovery.type: single-node
network.host: {host}
http.port: {http}
transport.port: {transport}
path.data: {folder}/data
path.logs: {folder}/logs
xpack.security.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
"""


JVM_OPTIONS = """\
-XX:+UseG1GC
-Djava.io.tmpdir=${ES_TMPDIR}
--add-modules=jdk.incubator.vector
23-:-XX:CompileCommand=dontinline,java/lang/invoke/MethodHandle.setAsTypeCache
23-:-XX:CompileCommand=dontinline,java/lang/invoke/MethodHandle.asTypeUncached
-Dorg.apache.lucene.store.defaultReadAdvice=normal
-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1
-XX:+ExitOnOutOfMemoryError
-XX:ErrorFile=hs_err_pid%p.log
"""
"""Elastic's own, without the dump of the heap and the collector's log, which have no bound."""
LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}]%marker %m%consoleException%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


class Elasticsearch(Engine):
    """One Elasticsearch. ``install`` is its home folder; None: the provisioned one. One that is
    ``lasting`` compiles what runs often once more, as one in production does: slower to start, and
    faster after some minutes.

    Raises EngineError where it was not provisioned, or there is no JDK for it.
    """

    name = "Elasticsearch"
    port_names = ("http", "transport")

    def __init__(self, folder: Path, install: Path | None = None, *, lasting: bool = False) -> None:
        super().__init__(folder)
        self.install = install or found(ELASTICSEARCH)
        self._compiling = [] if lasting else [WARM_SOON]
        self._jdk = jdk(ELASTICSEARCH.java_min, self.name)

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"http://{HOST}:{self.ports['http']}"

    @property
    def pid(self) -> int | None:
        """The server's process id, or its launcher's while there is no server yet."""
        launcher = super().pid
        try:
            return launcher and int((self.folder / "pid").read_text())
        except (FileNotFoundError, ValueError):
            return launcher

    def _version(self) -> str:
        return self.install.name.rpartition("-")[2]

    def _prepare(self) -> None:
        if self._account is not None:
            let_through(self.install / "bin", self._account)
        config = self.folder / "config"
        shutil.copytree(self.install / "config", config, dirs_exist_ok=True)
        settings = SETTINGS.format(host=HOST, folder=self.folder, **self.ports)
        (config / "elasticsearch.yml").write_text(settings)
        (config / "jvm.options").write_text(JVM_OPTIONS)
        (config / "log4j2.properties").write_text(LOGGING)
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        for name in ("data", "logs", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / "pid").unlink(missing_ok=True)

    def _command(self) -> list[str]:
        return [str(self.install / "bin" / "elasticsearch"), "-p", str(self.folder / "pid")]

    def _environment(self) -> dict[str, str]:
        options = (f"-Xms{HEAP}", f"-Xmx{HEAP}", *self._compiling)
        return {
            "ES_JAVA_HOME": str(self._jdk.home),
            "ES_JAVA_OPTS": " ".join(options),
            "ES_PATH_CONF": str(self.folder / "config"),
            "ES_TMPDIR": str(self.folder / "tmp"),
        }

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.ports["http"], timeout=ASK_SECONDS_MAX)
        try:
            connection.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
            return connection.getresponse().status == http.client.OK
        except http.client.HTTPException:
            return False
        finally:
            connection.close()
