#!/usr/bin/env python3
"""Measures what health checks cost: `./dev bench health [SERVERS [EVERY_MS [SECONDS]]]`. Needs root.

The checking side and the servers' side run on a core each, in network namespaces of their own with a cable between them.
On a loopback the kernel does the work of both ends on the time of whoever sends; here what arrives at one end is handed
to that end's core, as a network card would do it. So the share of a core that is printed is that of the checking side.
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from proxies import LOAD_CORE, PROXY_CORE, ROOT

PORT = "8080"
BENCH = os.environ.get("FAIRLEAD_HEALTH_BENCH") or str(ROOT / "build/release/fairlead_health_bench")
SERVERS = "10.64.0.0/10"


def run(*command: str) -> None:
    subprocess.run(command, check=True)


def hand_to_core(device: str, core: str) -> str:
    """What makes the kernel work on this core on what arrives at a device (receive packet steering)."""
    return f"mount -t sysfs none /sys && echo {1 << int(core):x} > /sys/class/net/{device}/queues/rx-0/rps_cpus"


def inside(arguments: list[str]) -> int:
    """In a network of our own, which ends with us."""
    servers = subprocess.Popen(["unshare", "--net", "taskset", "-c", LOAD_CORE, BENCH, "serve", PORT],
                               stdout=subprocess.PIPE, text=True)
    try:
        if servers.stdout.readline() != "ready\n":
            return 1
        there = ["nsenter", "--net", "--target", str(servers.pid)]
        run("ip", "link", "add", "checks", "type", "veth", "peer", "name", "servers", "netns", str(servers.pid))
        run("ip", "address", "add", "10.0.0.1/30", "dev", "checks")
        run("ip", "link", "set", "checks", "up")
        run(*there, "ip", "address", "add", "10.0.0.2/30", "dev", "servers")
        run(*there, "ip", "link", "set", "servers", "up")
        run(*there, "ip", "link", "set", "lo", "up")
        run(*there, "ip", "route", "add", "local", SERVERS, "dev", "lo")
        run("ip", "route", "add", SERVERS, "via", "10.0.0.2")
        run(*there, "unshare", "--mount", "sh", "-c", hand_to_core("servers", LOAD_CORE))
        run("unshare", "--mount", "sh", "-c", hand_to_core("checks", PROXY_CORE))
        return subprocess.run(["taskset", "-c", PROXY_CORE, BENCH, "check", PORT, *arguments], check=False).returncode
    finally:
        servers.kill()
        servers.wait()


def main() -> int:
    if os.geteuid() != 0:
        sys.exit("health.py needs root: it makes networks of its own")
    if sys.argv[1:2] == ["--inside"]:
        return inside(sys.argv[2:])
    os.execvp("unshare", ["unshare", "--net", sys.executable, __file__, "--inside", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
