"""Where a Kubernetes cluster is, and who we are there, as the pipeline file says it."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from sluicegate.stages.stage import Settings

LABEL_NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
"""A name as namespaces and Services have it: RFC 1123, a label."""

SUBDOMAIN_NAME = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
"""A name as most objects have it: RFC 1123, a subdomain."""

LabelName = Annotated[str, Field(pattern=LABEL_NAME)]
ObjectName = Annotated[str, Field(pattern=SUBDOMAIN_NAME)]


class Impersonation(Settings):
    """Whom the API server is asked to take us for."""

    user: str = Field(min_length=1, description="The user, or the service account.")
    groups: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), description="Their groups."
    )


class Cluster(Settings):
    """A cluster, named and never guessed: the context in use is anybody's last one."""

    context: str | None = Field(
        None, min_length=1, description="The context of the kubeconfig."
    )
    in_cluster: bool = Field(
        default=False,
        description="Whether it is the cluster in which this runs, as the service"
        " account of its pod.",
    )
    kubeconfig: str | None = Field(
        None,
        min_length=1,
        description="File: an absolute path, ~/..., or relative to the pipeline file."
        " By default KUBECONFIG, else ~/.kube/config.",
    )
    impersonate: Impersonation | None = Field(
        None, description="Whom to act as, by default whom the login says."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.context is not None) == self.in_cluster:
            raise ValueError(
                "must say which cluster: {context: NAME} of the kubeconfig, or"
                " {in_cluster: true}"
            )
        if self.in_cluster and self.kubeconfig is not None:
            raise ValueError("in_cluster: true takes no kubeconfig:")
        return self


class Workload(Settings):
    """A Deployment, and the Service that leads to its pods."""

    deployment: ObjectName = Field(description="The Deployment's name.")
    service: LabelName = Field(description="The Service's name.")
