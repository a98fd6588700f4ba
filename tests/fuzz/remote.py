"""What comes back from another host: a frame, and the words of ssh where there is none."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from flashd.adapters.processes import Completed, Ending
from flashd.adapters.remote import frame, ssh
from flashd.config.ssh import SshSettings
from flashd.ports.remote import Answer, Silence
from tests.fuzz.target import Target, cuts, joined, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

NONCE = "0123456789abcdef0123456789abcdef"
SETTINGS = SshSettings.model_validate(
    {"hosts": {"tst1": {"hostname": "tst1.example.net", "machine_id": "4711"}}}
)
_BEGIN = f"FLASHD-BEGIN {NONCE} 1\n".encode()
_HOST = b"FLASHD-HOST Linux tst1.example.net 4711\n"


def _end(status: str) -> bytes:
    return f"\nFLASHD-END {NONCE} {status}\n".encode()


def whole(body: bytes = b"ActiveState=inactive\n", status: str = "rc=0") -> bytes:
    """Write an answer as a probe does."""
    return _BEGIN + _HOST + body + _end(status)


def _frame(data: bytes) -> frame.Frame | None:
    try:
        return frame.read(data, NONCE)
    except frame.Torn:
        return None


def _check_frame(data: bytes, found: frame.Frame | None) -> None:
    if found is None:
        return
    lines = data.split(b"\n")
    marks = {b"FLASHD-BEGIN", b"FLASHD-HOST", b"FLASHD-END"}
    marked = [line for line in lines if line.split(b" ")[0] in marks]
    assert lines[-1] == b"", "an answer that does not end"
    assert marked == [lines[0], lines[1], lines[-2]], "not one answer, alone"
    if found.status is not None:
        assert lines[0] == _BEGIN.strip(), "an answer to something else"
        assert lines[-2].startswith(f"FLASHD-END {NONCE} rc=".encode())
    literal = lines[-2].rpartition(b"=")[2]
    assert (found.status == 0) == (literal == b"0"), f"{literal!r} is no success"
    assert found.body == b"\n".join(lines[2:-2])
    for place in cuts(len(data), zlib.crc32(data)):
        assert _frame(data[:place]) is None, f"an answer that is cut at {place}"
    assert _frame(data + b"\n") is None
    assert _frame(data * 2) is None
    assert _frame(b"Last login: yesterday\n" + data) is None


def _judged(data: bytes) -> Answer | Silence:
    head, output, errors = parts(data, 3)
    ending = {b"late": Ending.TIMED_OUT, b"flood": Ending.FLOODED}.get(head, Ending.EXITED)
    status = int(head) if head.isdigit() and len(head) < 4 else None
    done = Completed(argv=("ssh",), ending=ending, exit_status=status, output=output, errors=errors)
    return ssh.judge(done, NONCE, "tst1", SETTINGS)


def _check_judged(data: bytes, found: Answer | Silence) -> None:
    head, output, _ = parts(data, 3)
    if isinstance(found, Silence):
        assert found.reason
        return
    assert head.strip(b"0") == b""
    assert head, "ssh itself did not end well"
    assert output.startswith(_BEGIN)
    assert output.split(b"\n")[1].lower().split(b" ")[2:] == [b"tst1.example.net", b"4711"]
    assert _frame(output) is not None


def _frame_seeds() -> Iterator[bytes]:
    yield whole()
    yield whole(b"", "rc=255")
    yield whole(status="refused")
    yield whole().replace(NONCE.encode(), b"-")
    yield whole(b"FLASHD-BEGINNING\n==> x <==\n\0\xff\n", "rc=137")


def _judged_seeds() -> Iterator[bytes]:
    yield joined("0", whole(), "")
    yield joined("255", b"", b"ssh: connect to host tst1 port 22: Connection refused\r\n")
    yield joined("255", whole()[:70], b"Connection to tst1 closed by remote host.\r\n")
    yield joined("late", b"", b"@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n")
    yield joined("0", b"Welcome to tst1\n" + whole(), b"Permission denied (publickey).")


_WORDS = (
    *(b"FLASHD-BEGIN ", b"FLASHD-HOST ", b"FLASHD-END ", NONCE.encode(), b"rc=0", b"rc=256"),
    *(b"rc=137", b"refused", b" - ", b"rc=000", b"late", b"255", b"TST1.example.net", b"4711"),
    *(b"{host}", b"Load key", b"not responding", b"revoked", b"no matching"),
)
TARGETS = (
    Target(name="frame", read=_frame, check=_check_frame, seeds=_frame_seeds, words=_WORDS),
    Target(name="ssh", read=_judged, check=_check_judged, seeds=_judged_seeds, words=_WORDS),
)
