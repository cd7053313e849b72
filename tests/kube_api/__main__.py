"""Serve an empty cluster until interrupted: ``python -m kube_api --port 6443``."""

import argparse
import threading
from pathlib import Path

from kube_api import State, serve


def main() -> None:
    """Write the kubeconfig, and wait."""
    parser = argparse.ArgumentParser(prog="python -m kube_api")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--kubeconfig", type=Path, default=Path("kubeconfig"))
    parser.add_argument("--namespace", action="append", default=[])
    arguments = parser.parse_args()
    with serve(State(arguments.namespace), port=arguments.port) as cluster:
        path = cluster.kubeconfig(arguments.kubeconfig)
        print(f"{cluster.url}\nexport KUBECONFIG={path.resolve()}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
