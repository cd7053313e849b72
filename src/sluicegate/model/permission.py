"""What an account may do in a Kubernetes cluster, as a rule of RBAC has it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """Verbs on a resource of one namespace.

    ``resource`` is its plural, with a subresource after a slash; ``names`` are the only
    objects it is for, or all if there are none. ``why`` says what for. Without one that
    is not needed less can be said, or it takes longer, and nothing fails.
    """

    group: str
    resource: str
    verbs: tuple[str, ...]
    why: str
    names: tuple[str, ...] = ()
    is_needed: bool = True

    @property
    def what(self) -> str:
        """The resource as messages of Kubernetes have it: ``deployments.apps``."""
        plural, slash, sub = self.resource.partition("/")
        return f"{plural}{f'.{self.group}' if self.group else ''}{slash}{sub}"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is to have a role: ``kind`` is User, Group or ServiceAccount."""

    kind: str
    name: str
    namespace: str = ""
