"""A JSON Schema of the service files, for editors: made from the models that check them.

`python -m flashd.config.schema --write` puts it beside the examples.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from flashd.config.durations import format_duration
from flashd.config.guards import BUILT_IN_GUARDS, GuardOptions
from flashd.config.options import GUARD_SCHEMA, ServiceFile

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "flashd-services.schema.json"
_NULL = {"type": "null"}


class _Words(GenerateJsonSchema):
    """Writes defaults as users do."""

    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401 - JSON
        """Write a duration as a service file has it, anything else as JSON does."""
        if isinstance(dft, timedelta):
            return format_duration(dft)
        return super().encode_default(dft)


def services_schema(types: Mapping[str, type[GuardOptions]] = BUILT_IN_GUARDS) -> dict[str, Any]:
    """Describe a file of services.d to editors."""
    schema = ServiceFile.model_json_schema(schema_generator=_Words)
    proving = sorted(kind for kind, options in types.items() if options.proves)
    some_proof = {"properties": {"type": {"enum": proving}}, "required": ["type"]}
    schema["$defs"]["ServiceOptions"]["properties"]["guards"]["contains"] = some_proof
    schema["$defs"]["Guard"] = {
        "title": "Guard",
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": sorted(types)}},
        "oneOf": [_guard(kind, options) for kind, options in sorted(types.items())],
    }
    described = {
        "$schema": GenerateJsonSchema.schema_dialect,
        **_plain(schema),
        "title": "flashd service definitions",
    }
    for key in ("defaults", "services"):  # everything below them may be commented out
        whole = described["properties"][key]
        described["properties"][key] = {"anyOf": [whole, _NULL]}
    return described


def _guard(kind: str, options: type[GuardOptions]) -> dict[str, Any]:
    schema = options.model_json_schema(schema_generator=_Words)
    role = "can prove" if options.proves else "can only veto"
    return {
        **schema,
        "title": kind,
        "description": f"{schema.get('description', kind)} ({role})",
        "properties": {"type": {"const": kind}, **schema["properties"]},
        "required": ["type", *schema.get("required", [])],
    }


def _plain(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Leave out what pydantic says and an editor has no use for: null, and generated titles."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema == GUARD_SCHEMA:
        return {"$ref": "#/$defs/Guard"}
    plain = {
        key: _plain(value) for key, value in schema.items() if (key, value) != ("default", None)
    }
    if isinstance(plain.get("title"), str):
        del plain["title"]
    if "patternProperties" in plain:
        plain["additionalProperties"] = False
    if _NULL in plain.get("anyOf", ()):
        plain["anyOf"].remove(_NULL)
        if len(plain["anyOf"]) == 1:
            plain |= plain.pop("anyOf")[0] | {"description": plain.get("description", "")}
    return plain


def text() -> str:
    """Write the schema as the file has it."""
    return json.dumps(services_schema(), indent=2) + "\n"


def main(arguments: list[str]) -> None:
    """Print the schema, or with `--write` put it into `config/`."""
    if arguments == ["--write"]:
        Path("config", NAME).write_text(text(), encoding="utf-8")
    else:
        sys.stdout.write(text())


if __name__ == "__main__":
    main(sys.argv[1:])
