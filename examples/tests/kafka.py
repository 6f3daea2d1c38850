"""A real Kafka of one node on ports of its own; `examples/setup.sh` has put it there."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from e2e.server import eventually, free_ports

SERVER = Path(__file__).parents[1] / "kafka_events" / "server"
JARS = Path(os.environ.get("LYMER_E2E_CACHE", Path.home() / ".cache" / "lymer-e2e")) / "kafka" / "jars"
CLUSTER = "bHltZXItdGVzdC0wMDAwMQ"


class Kafka:
    """Started when made; `close` takes it away with its data."""

    def __init__(self, folder: Path) -> None:
        port, controller = free_ports(2)
        self.broker = f"127.0.0.1:{port}"
        self._port = port
        self._folder = folder
        values = {"PORT": str(port), "DATA": str(folder / "data")}
        text = (SERVER / "server.properties").read_text().replace(":CONTROLLER\n", f":{controller}\n")
        text = re.sub(r"\b(PORT|DATA)\b", lambda found: values[found[0]], text)
        properties = folder / "server.properties"
        properties.write_text(text)
        java = ["java", "-Xmx256m", "-Xms256m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1"]
        java += ["-cp", f"{JARS}/*"]
        self._log = (folder / "log").open("wb")
        formatted = [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(properties)]
        subprocess.run(formatted, check=True, stdout=self._log, stderr=self._log, timeout=120)
        command = [*java, "kafka.Kafka", str(properties)]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        eventually(self._is_ready, patience_s=120)

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def close(self) -> None:
        """Its data is thrown away, so it need not end well."""
        self._process.kill()
        self._process.wait()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)
