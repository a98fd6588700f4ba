"""Several processes that share work; each has a pipe on which it tells what it has done."""

from __future__ import annotations

import os
import pickle
import selectors
from typing import TYPE_CHECKING, TypeVar

from tests.chaos.nursery import born

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import BinaryIO

Task = TypeVar("Task")
Done = TypeVar("Done")


def spread(
    work: Callable[[Sequence[Task]], Iterable[Done]], tasks: Sequence[Task], workers: int
) -> Iterator[Done]:
    """Have `workers` processes do the tasks, and yield what each has done, as it comes."""
    pipes: list[BinaryIO] = []
    children = []
    for number in range(min(workers, len(tasks))):
        reading, writing = os.pipe()
        mine = tasks[number::workers]
        children.append(born(lambda: _tell(writing, work(mine))))  # noqa: B023 - forked at once
        os.close(writing)
        pipes.append(os.fdopen(reading, "rb"))
    with selectors.DefaultSelector() as waiting:
        for pipe in pipes:
            waiting.register(pipe, selectors.EVENT_READ, pipe)
        while waiting.get_map():
            for key, _ in waiting.select():
                try:
                    yield pickle.load(key.data)  # noqa: S301 - what our own child wrote
                except EOFError:
                    waiting.unregister(key.fileobj)
    for child in children:
        _, status = os.waitpid(child, 0)
        if status:
            raise ChildProcessError(f"one of the crew ended with {status}")


def _tell(descriptor: int, done: Iterable[Done]) -> int:
    with os.fdopen(descriptor, "wb") as pipe:
        for one in done:
            pickle.dump(one, pipe)
            pipe.flush()
    return 0
