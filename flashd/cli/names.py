"""Types of arguments that name something configured, which shells can complete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from flashd.config.names import Names


class Configured(click.ParamType[str]):
    """The name of something that the configuration has; whether it does is judged later."""

    def among(self, names: Names) -> tuple[str, ...]:
        """Tell which names there are."""
        raise NotImplementedError

    def convert(
        self,
        value: object,
        param: click.Parameter | None,  # noqa: ARG002 - click's signature
        ctx: click.Context | None,  # noqa: ARG002
    ) -> str:
        """Take it as it is."""
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Tell the names that begin so and were not given yet."""
        from click.shell_completion import CompletionItem

        from flashd.config.names import names_in

        before = ctx.params.get(param.name or "")
        given = before if isinstance(before, tuple) else ()
        directory = ctx.find_root().params.get("config_dir")
        names = names_in(Path(directory).expanduser()) if directory else None
        return [
            CompletionItem(name)
            for name in (self.among(names) if names else ())
            if name.startswith(incomplete) and name not in given
        ]


class ServiceName(Configured):
    """The name of a service."""

    name = "service"

    def among(self, names: Names) -> tuple[str, ...]:
        """Tell the services."""
        return names.services


class ArrayName(Configured):
    """The name of an array."""

    name = "array"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Take it in either case, as every file of the configuration does."""
        return super().convert(value, param, ctx).strip().upper()

    def among(self, names: Names) -> tuple[str, ...]:
        """Tell the arrays."""
        return names.arrays


def directories(
    ctx: click.Context,  # noqa: ARG001 - click's signature
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem[str]]:
    """Have the shell complete a directory."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="dir")]


SERVICE = ServiceName()
ARRAY = ArrayName()
