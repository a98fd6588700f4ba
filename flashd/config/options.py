"""What a service file can say: every option of a service, with its default, once."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from flashd.config.guards import BUILT_IN_GUARDS, GuardOptions
from flashd.config.mistakes import listed, nearest
from flashd.config.values import (
    PAIR,
    PAIRS,
    ArrayId,
    Delay,
    Flag,
    Line,
    PairField,
    Pattern,
    Reads,
    ResourceId,
    Section,
    ServiceName,
    Span,
    filled,
    split_words,
    written,
)
from flashd.core.schedule import Schedule, ScheduleError, parse
from flashd.model.service import GuardSpec

GUARD_TYPES = "guard_types"
"""The key of the validation context that holds the known guard types."""

GUARD_SCHEMA: dict[str, Any] = {"$comment": "a guard, of any type that is known"}
_EXPRESSION = {"type": "string"}


@cache
def _parsed(expressions: str | tuple[str, ...]) -> Schedule:
    return parse(expressions)


def _schedule(value: object) -> Schedule:
    if isinstance(value, Schedule):
        return value
    if not isinstance(value, list):
        return _parsed(_expression(value, ()))
    if not value:
        raise ValueError("is empty; leave it out for a service that may be refreshed at any time")
    wrong: list[InitErrorDetails] = []
    for index, item in enumerate(value):
        try:
            _expression(item, (index,))
        except ValidationError as error:
            wrong += map(_again, error.errors())
    if wrong:
        raise ValidationError.from_exception_data("schedule", wrong)
    return _parsed(tuple(value))


def _expression(value: object, path: tuple[int, ...]) -> str:
    try:
        text = written(value)
        _parsed(text)
    except ScheduleError as error:
        context = {"reason": str(error), "offset": error.column - 1}
        raise _one("schedule", context, path, value) from error
    except ValueError as error:
        raise _one("schedule", {"reason": str(error)}, path, value) from error
    return text


def _one(
    kind: str, context: dict[str, Any], path: tuple[int | str, ...], value: object
) -> ValidationError:
    """Make an error at a place below the value that is being read."""
    custom = PydanticCustomError(kind, "{reason}", context)
    details = InitErrorDetails(type=custom, loc=path, input=value)
    return ValidationError.from_exception_data(kind, [details])


def _again(detail: Any) -> InitErrorDetails:  # noqa: ANN401 - a TypedDict of pydantic's
    custom = PydanticCustomError(detail["type"], "{reason}", detail["ctx"])
    return InitErrorDetails(type=custom, loc=detail["loc"], input=detail["input"])


def guard_types(info: ValidationInfo) -> Mapping[str, type[GuardOptions]]:
    """Tell the guard types that may be used."""
    types: Mapping[str, type[GuardOptions]] = (info.context or {}).get(GUARD_TYPES, BUILT_IN_GUARDS)
    return types


def _guard(value: object, info: ValidationInfo) -> GuardSpec:
    if isinstance(value, GuardSpec):
        return value
    if not isinstance(value, dict):
        raise ValueError("must be a mapping")  # noqa: TRY004 - pydantic reports ValueError
    if "type" not in value:
        missing = InitErrorDetails(type="missing", loc=("type",), input=value)
        raise ValidationError.from_exception_data("guard", [missing])
    options_type = _options_type(value["type"], guard_types(info))
    options = options_type.model_validate({k: v for k, v in value.items() if k != "type"})
    return GuardSpec(
        value["type"],
        options.label(),
        options,
        options_type.proves,
        facts=options.facts(),
        wwids=options.sought(),
    )


def _options_type(kind: object, known: Mapping[str, type[GuardOptions]]) -> type[GuardOptions]:
    try:
        return known[written(kind)]
    except KeyError:
        reason = f"guard type {kind!r} is not known; {_meant(str(kind), known)}"
    except ValueError as error:
        reason = f"type: {error}"
    raise _one("guard_type", {"reason": reason}, ("type",), kind)


def _meant(kind: str, known: Mapping[str, type[GuardOptions]]) -> str:
    suggestion = nearest(kind, known)
    return f"{suggestion} known are {listed(sorted(known))}" if "?" in suggestion else suggestion


def _distinct(guards: tuple[GuardSpec, ...]) -> tuple[GuardSpec, ...]:
    """Refuse two guards that would have one name in evidence."""
    names: dict[str, int] = {}
    for index, guard in enumerate(guards):
        first = names.setdefault(guard.name, index)
        if first != index:
            raise _one(
                "same_guard", {"reason": f"the same as guard {first + 1}"}, (index,), guard.name
            )
    return guards


def _some_proof(guards: tuple[GuardSpec, ...], info: ValidationInfo) -> tuple[GuardSpec, ...]:
    if any(guard.proves for guard in guards):
        return guards
    proving = sorted(kind for kind, options in guard_types(info).items() if options.proves)
    add = f"add one of type {listed(proving, 'or')}"
    if not guards:
        raise ValueError(f"is empty; nothing would prove that the service is down; {add}")
    raise ValueError(f"these can only veto, and none proves that the service is down; {add}")


def _resources(value: dict[str, Any]) -> dict[str, Any]:
    if not value:
        raise ValueError("is empty; a service needs a resource, such as sync#1")
    return value


class ResourceOptions(Section):
    """Pairs of one array that are brought to one point in time by one command."""

    array: ArrayId = Field(description="The storage image, as in auth.conf.")
    pairs: Annotated[
        tuple[PairField, ...],
        BeforeValidator(split_words),
        AfterValidator(filled),
        WithJsonSchema(
            {
                "anyOf": [
                    {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "pattern": PAIR},
                    },
                    {"type": "string", "pattern": PAIRS},
                ]
            }
        ),
    ] = Field(description="source:target, a list or one text with spaces between.")
    recording: Flag = Field(
        default=True,
        description="Incremental: resyncflash. false: rmflash, then mkflash, a full copy.",
    )
    bgcopy: Flag = Field(
        default=True, description="Copy everything in the background (-cp); false: -nocp."
    )
    hosts: Annotated[tuple[Pattern, ...], BeforeValidator(split_words)] | None = Field(
        default=None,
        description="Names of the host connections, or patterns such as tst1*, that may be mapped"
        " to the targets; none: []. Absent: any but protected ones.",
    )


class Timing(Section):
    """When a service is refreshed; `defaults` takes these."""

    schedule: (
        Annotated[
            Schedule,
            Reads(
                _schedule,
                {"anyOf": [_EXPRESSION, {"type": "array", "minItems": 1, "items": _EXPRESSION}]},
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="When a resync may run, in OpenSVC's schedule language; absent: always.",
    )
    sync_min_delay: Delay = Field(
        default=timedelta(0), description="No resync sooner than this after the last one."
    )
    sync_max_delay: Span = Field(
        default=timedelta(days=1, hours=3), description="Older than this: the status is warn."
    )
    refresh_after: Span | None = Field(
        default=None,
        description=(
            "Due at this age; default: once per window where there is a schedule,"
            " else 0.8 x sync_max_delay."
        ),
    )


class Defaults(Timing):
    """For the services of this file that do not say otherwise."""


class ServiceOptions(Timing):
    """A dependent service and the clones that it uses."""

    description: Line = Field(default="", description="For people.")
    guards: Annotated[
        tuple[
            Annotated[GuardSpec, Reads(_guard, GUARD_SCHEMA, with_info=True)],
            ...,
        ],
        AfterValidator(_distinct),
        AfterValidator(_some_proof),
    ] = Field(
        json_schema_extra={"minItems": 1},
        description=(
            "How it is confirmed that the service is down: all must agree,"
            " and at least one must be able to prove it."
        ),
    )
    sync: Annotated[dict[ResourceId, ResourceOptions], AfterValidator(_resources)] = Field(
        description="The resources, in the order in which they are refreshed.",
        json_schema_extra={"minProperties": 1},
    )


class ServiceFile(Section):
    """A file of services.d: service definitions, one or many."""

    defaults: Defaults | None = Field(
        default=None, description="For the services of this file that do not say otherwise."
    )
    services: dict[ServiceName, ServiceOptions] | None = Field(
        default=None, description="The services by their names."
    )
