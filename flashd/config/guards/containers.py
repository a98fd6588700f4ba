"""Guards that ask what runs containers."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from flashd.config.guards.common import GuardOptions
from flashd.config.values import AbsolutePath, Reads, Word, filled, shaped, split_words

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
_WORKLOAD = rf"(deployment|statefulset)/{_NAME}"


def _list_of(item: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": item}},
                {"type": "string"},
            ]
        }
    )


def _names(pattern: str, what: str) -> Reads:
    return Reads(shaped(pattern, what), {"type": "string", "pattern": f"^{pattern}$"})


class KubernetesOptions(GuardOptions):
    """Workloads are scaled to nothing, no pod uses the claims, and no node has them attached."""

    proves: ClassVar[bool] = True

    kubeconfig: AbsolutePath = Field(
        description="The file with server, certificate authority and credentials."
    )
    context: Word | None = Field(
        default=None, description="Which of its contexts; absent: its current one."
    )
    namespace: Annotated[str, _names(_LABEL, "the name of a namespace")] = Field(
        description="Where workloads and claims are."
    )
    workloads: Annotated[
        tuple[
            Annotated[
                str,
                _names(_WORKLOAD, "a workload; write deployment/NAME or statefulset/NAME"),
            ],
            ...,
        ],
        BeforeValidator(split_words),
        AfterValidator(filled),
        _list_of(f"^{_WORKLOAD}$"),
    ] = Field(description="What must be scaled to 0: deployment/NAME or statefulset/NAME.")
    claims: Annotated[
        tuple[Annotated[str, _names(_NAME, "the name of a PersistentVolumeClaim")], ...],
        BeforeValidator(split_words),
        AfterValidator(filled),
        _list_of(f"^{_NAME}$"),
    ] = Field(description="The PersistentVolumeClaims on the targets.")
    nodes: Annotated[
        tuple[Annotated[str, _names(_NAME, "the name of a node")], ...],
        BeforeValidator(split_words),
        AfterValidator(filled),
        _list_of(f"^{_NAME}$"),
    ] = Field(
        default=(), description="The nodes that the cluster must have; default: those it tells."
    )

    def label(self) -> str:
        """Name the cluster's file, the namespace and what is looked at there."""
        context = f"#{self.context}" if self.context else ""
        looked_at = " ".join((*self.workloads, *self.claims))
        return f"kubernetes {self.kubeconfig}{context} {self.namespace} {looked_at}"
