"""A strict stand-in of the Kubernetes API, for tests.

    with serve(State(["shop"])) as cluster:
        kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", context="test")
        kubelet = cluster.hand("kubelet")       # someone else, without a network
        cluster.faults.throttle(1, "PATCH")     # what shall go wrong
        cluster.state.tokens.expire(token)      # whose login ends

What it does and from where that is known: README.md beside this file.
"""

from kube_api.faults import Fault, Faults
from kube_api.hand import Hand
from kube_api.kubeconfig import Login
from kube_api.problem import Problem
from kube_api.server import Cluster, serve
from kube_api.state import ADMIN_TOKEN, State
from kube_api.users import User
from kube_api.values import Json

__all__ = [
    "ADMIN_TOKEN",
    "Cluster",
    "Fault",
    "Faults",
    "Hand",
    "Json",
    "Login",
    "Problem",
    "State",
    "User",
    "serve",
]
