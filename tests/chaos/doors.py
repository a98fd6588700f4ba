"""Every port with a door before and a door after each of its calls, whatever the calls are named.

What a port does is found by calling it, so a method that is new has its doors without a list.
"""

from __future__ import annotations

import inspect
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from flashd.engine.world import World

Door = "Callable[[str], None]"
Backend = "Callable[[str, Any], ArrayBackend]"


@dataclass(frozen=True, slots=True)
class Doored:
    """Something whose every method has doors; `name` is that of the port."""

    _inner: Any
    _name: str
    _door: Callable[[str], None]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port gives
        found = getattr(self._inner, name)
        if not callable(found):
            return found
        return partial(self._call, f"{self._name}.{name}", found)

    def _call(self, name: str, method: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the same
        if inspect.iscoroutinefunction(method):
            return self._later(name, method(*args, **kwargs))
        self._door(f"before {name}")
        given = method(*args, **kwargs)
        if isinstance(given, AbstractAsyncContextManager):
            return _DooredContext(given, self._name, name, self._door)
        self._door(f"after {name}")
        return given

    async def _later(self, name: str, call: Any) -> Any:  # noqa: ANN401 - the same
        try:
            self._door(f"before {name}")
        except BaseException:
            call.close()
            raise
        given = await call
        self._door(f"after {name}")
        return given


@dataclass(frozen=True, slots=True)
class _DooredContext:
    """A context: entered, left, and in between an object with doors of its own."""

    _inner: AbstractAsyncContextManager[Any]
    _port: str
    _name: str
    _door: Callable[[str], None]

    async def __aenter__(self) -> Doored:
        given = await self._inner.__aenter__()
        self._door(f"after {self._name}")
        return Doored(given, self._name.rpartition(".")[2], self._door)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        self._door(f"before leaving {self._name}")
        ended = await self._inner.__aexit__(kind, error, trace)
        self._door(f"after leaving {self._name}")
        return ended


def doored(world: World, backend: Callable[[str, Any], Any], door: Callable[[str], None]) -> World:
    """Put doors around everything that a world reaches outside by.

    `backend` makes an array with a store; the store that it is given has doors too.
    """
    store: Any = Doored(world.store, "store", door)
    return replace(
        world,
        store=store,
        host=cast("Any", Doored(world.host, "host", door)),
        clock=cast("Any", Doored(world.clock, "clock", lambda _: None)),
        events=cast("Any", Doored(world.events, "events", door)),
        arrays=lambda serial: cast("Any", Doored(backend(serial, store), "array", door)),
        guards=lambda spec: cast("Any", Doored(world.guards(spec), "guard", door)),
    )
