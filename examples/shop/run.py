"""The shop: six services and a load generator in one command, and faults that can be switched on.

python examples/shop/run.py                                 # ten orders, one after the other
python examples/shop/run.py --orders 500 --rate 20          # twenty a second
python examples/shop/run.py --fault slow-query --fault n-plus-one
python examples/shop/run.py --serve --port 8080             # stays; POST /checkout, PUT /faults/NAME at the gateway

gateway --HTTP--> user (cache, SQL); --HTTP--> order (SQL) --gRPC--> inventory (cache); --HTTP--> payment;
order --event--> notification
"""

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

SERVICES = ("user", "inventory", "payment", "notification", "order", "gateway")
HERE = Path(__file__).parent


def main() -> None:
    """Starts the shop, buys, stops it."""
    options = _options()
    # Either way the services end with it. A shell has its background's commands ignore SIGINT: they would pass that on.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    ports = _free_ports()
    ports["gateway"] = options.port or ports["gateway"]
    os.environ.update({f"SHOP_{name.upper()}_PORT": str(port) for name, port in ports.items()})
    if options.kafka:
        os.environ["SHOP_KAFKA"] = options.kafka
    _serve_cache(ports["cache"])
    with tempfile.TemporaryDirectory(prefix="shop-faults-") as faults:
        os.environ["SHOP_FAULTS"] = faults
        run(ports, options)


def run(ports: dict[str, int], options: argparse.Namespace) -> None:
    """The six services, from the first order to the last."""
    log = subprocess.DEVNULL if options.quiet else None
    services = {name: subprocess.Popen([sys.executable, str(HERE / f"{name}.py")], stderr=log) for name in SERVICES}
    try:
        _wait(services, ports)
        buy(ports["gateway"], options)
    except KeyboardInterrupt:
        pass
    finally:
        time.sleep(options.linger)
        for service in services.values():
            service.terminate()
        for service in services.values():
            service.wait()


def buy(port: int, options: argparse.Namespace) -> None:
    """The load generator: seeded, so that a run can be repeated."""
    url = f"http://127.0.0.1:{port}"
    for fault in options.fault:
        urllib.request.urlopen(urllib.request.Request(f"{url}/faults/{fault}", method="PUT"), timeout=10).close()
    print(f"the shop is open: {url}", flush=True)
    chance = random.Random(options.seed)
    began = time.monotonic()
    for number in range(options.orders):
        if options.rate:
            time.sleep(max(0.0, began + number / options.rate - time.monotonic()))
        items = ",".join(str(item) for item in chance.sample(range(1, 101), options.items))
        _order(f"{url}/checkout?user={chance.randint(1, 100)}&items={items}")
    if options.serve:
        threading.Event().wait()


def _order(url: str) -> None:
    """Buys without being traced itself; the gateway says the trace's id."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=30) as answer:
            print(f"trace {answer.headers['X-Trace-ID']}", flush=True)
    except urllib.error.HTTPError as error:
        with error:
            print(f"trace {error.headers['X-Trace-ID']}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=10)
    parser.add_argument("--items", type=int, default=3, help="in each order")
    parser.add_argument("--rate", type=float, default=0.0, help="orders a second; 0 is as fast as they go")
    parser.add_argument("--fault", action="append", default=[], help="may be given more than once")
    parser.add_argument("--port", type=int, default=0, help="of the gateway; 0 is a free one")
    parser.add_argument("--kafka", default="", help="host:port of a Kafka for the events")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--linger", type=float, default=1.0, help="seconds for events that are still under way")
    parser.add_argument("--serve", action="store_true", help="stay until Ctrl-C")
    parser.add_argument("--quiet", action="store_true", help="without the services' logs")
    return parser.parse_args()


def _free_ports() -> dict[str, int]:
    names = (*SERVICES, "cache")
    probes = [socket.socket() for _ in names]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    found = {name: probe.getsockname()[1] for name, probe in zip(names, probes, strict=True)}
    for probe in probes:
        probe.close()
    return found


def _serve_cache(port: int) -> None:
    """A cache that speaks Redis, so that nothing needs to be installed."""
    from fakeredis import TcpFakeServer

    server = TcpFakeServer(("127.0.0.1", port), server_type="redis")
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _wait(services: dict[str, subprocess.Popen[bytes]], ports: dict[str, int]) -> None:
    """Until every service listens; the notification listens to nobody."""
    deadline = time.monotonic() + 60
    for name in SERVICES:
        while name != "notification":
            if services[name].poll() is not None:
                raise SystemExit(f"{name} has ended; its reason is above")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", ports[name])) == 0:
                    break
            if time.monotonic() > deadline:
                raise SystemExit(f"{name} does not listen")
            time.sleep(0.05)


if __name__ == "__main__":
    main()
