"""Whether a service of OpenSVC's is down on every node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.adapters.clock import SystemClock
from flashd.adapters.guards import instances
from flashd.adapters.guards.findings import cause, excerpt, unknown, witnessed
from flashd.adapters.guards.here import Look
from flashd.adapters.processes import Completed, Ending
from flashd.model.verdict import Finding

if TYPE_CHECKING:
    from flashd.adapters.guards.here import Asked
    from flashd.config.guards import OpensvcOptions
    from flashd.ports.clock import Clock
    from flashd.ports.remote import Remote

_OUTPUT_CAP = 1 << 23


@dataclass(frozen=True, slots=True)
class OpensvcGuard:
    """Proves that a service is down: on each of its nodes, with each of its resources."""

    options: OpensvcOptions
    remote: Remote | None = None
    clock: Clock = field(default_factory=SystemClock)

    async def look(self) -> Finding:
        """Have OpenSVC look at the service, and read what it tells."""
        options = self.options
        look = Look(options.host, options.timeout, "om did not answer", self.remote)
        try:
            return await look.take(self._look)
        except OSError as error:
            return unknown(f"om cannot be run: {cause(error)}")

    async def _look(self, asked: Asked) -> Finding:
        options = self.options
        texts: dict[str, bytes] = {}
        for question, argv in questions(options.version, options.service):
            done = await asked.run(argv, ("opensvc", question, options.service), cap=_OUTPUT_CAP)
            if isinstance(done, Finding):
                return done
            if done.ending is not Ending.EXITED or done.exit_status != 0:
                return unknown(_failure(done), _account(done))
            texts[" ".join(argv)] = done.output
        return witnessed(self._judge(list(texts.values())), texts)

    def _judge(self, texts: list[bytes]) -> Finding:
        options = self.options
        try:
            told = _read(options, texts)
        except (ValueError, RecursionError) as error:
            return unknown(f"om answered what is not understood: {error}")
        return instances.judge(
            options.service, told, options.nodes, self.clock.now(), options.max_age
        )


def questions(version: str, service: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Tell the questions to a probe, and the commands that each of them stands for."""
    if version == "3":
        words = ("instance", "status", "--node", "*", "--refresh", "--output", "json")
        return (("3", ("om", service, *words)),)
    own = ("om", service, "print", "status", "--format", "json", "--refresh")
    return (
        ("2.1-instance", own),
        ("2.1-cluster", ("om", "daemon", "status", "--format", "json")),
    )


def _read(options: OpensvcOptions, texts: list[bytes]) -> instances.Instances:
    documents = [instances.document(text) for text in texts]
    if options.version == "3":
        return instances.read_3(documents[0], options.service)
    return instances.read_2(documents[0], documents[1], options.service)


def _failure(done: Completed) -> str:
    if done.ending is Ending.FLOODED:
        return "om wrote too much and was killed"
    said = next(iter(excerpt(done.errors)), "nothing")
    return f"om ended with {done.exit_status} and said: {said}"


def _account(done: Completed) -> dict[str, object]:
    return {
        "command": list(done.argv),
        "exit_status": done.exit_status,
        "errors": excerpt(done.errors),
    }
