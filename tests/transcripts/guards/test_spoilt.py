"""What takes a proof away: every answer that proves something, spoilt in every way, proves nothing.

Of a text that is cut, and of one without one of its lines, something may be left that proves the
same. Such places are listed here, each with its reason; no other is let through.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest

from flashd.model.verdict import Verdict
from tests.fuzz.target import cuts
from tests.sampling import ALL, SEED
from tests.transcripts.guards.playing import KINDS, Case, cases, look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PROOFS = {Verdict.DOWN, Verdict.CLEAR}
_WORDS = {str(one) for one in _PROOFS}


@cache
def proofs(kind: str) -> Sequence[Case]:
    """Tell the cases in which something is proved; without `ALL` the first and another one."""
    first, *others = [case for case in cases(kind) if case.told["verdict"] in _WORDS]
    others.sort(key=lambda case: zlib.crc32(f"{SEED} {case}".encode()))
    return [first, *(others if ALL else others[:1])]


async def is_proof(case: Case) -> bool:
    return (await look(case)).verdict in _PROOFS


def spoilt(case: Case, name: str, text: bytes) -> Case:
    return replace(case, answers={**case.answers, name: text})


def but_the_last_newline(text: bytes, cut: bytes) -> bool:
    return text.startswith(cut) and not text[len(cut) :].strip()


def but_rows_of_others(*ours: str) -> Callable[[bytes, bytes], bool]:
    """Whether whole lines are missing, and none of them says anything of what is asked about."""

    def enough(text: bytes, cut: bytes) -> bool:
        missing = text[len(cut) :].decode()
        return cut.endswith(b"\n") and not re.search("|".join(ours), missing)

    return enough


_JSON = "a document is whole without the newline after it"
_ENDED = "the digit with which it ends is what the program ended with; its frame tells its end"
_ROWS = "a table that has no last line: that the program ended with 0 is all that tells its end"

# By kind and answer: what of it may be missing at its end, and why that is enough.
ENOUGH: dict[tuple[str, str], tuple[Callable[[bytes, bytes], bool], str]] = {
    ("opensvc-2.1", "instance"): (but_the_last_newline, _JSON),
    ("opensvc-2.1", "cluster"): (but_the_last_newline, _JSON),
    ("opensvc-3", "instances"): (but_the_last_newline, _JSON),
    ("mounts", "storage"): (but_the_last_newline, _ENDED),
    ("mounts", "use"): (but_the_last_newline, _ENDED),
    ("lvm", "lvm"): (but_the_last_newline, _ENDED),
    ("scsi-reservation", "storage"): (but_the_last_newline, _ENDED),
    ("scsi-reservation", "reservations"): (but_the_last_newline, _ENDED),
    ("powerha", "lssrc"): (but_rows_of_others("Current state"), "its first line is what is asked"),
    ("vcs", "hasys"): (but_rows_of_others("xha23919[45]"), _ROWS),
    ("aix", "odmget"): (but_rows_of_others("name", "attribute", "value"), _ROWS),
    ("aix", "lsdev"): (but_rows_of_others("hdisk[45]"), _ROWS),
    ("aix", "lspv"): (but_rows_of_others("hdisk[45]"), _ROWS),
    ("aix", "mount"): (but_rows_of_others(" / ", "/u01/oratst "), _ROWS),
}


for _name in {name for case in cases("kubernetes") for name in case.answers}:
    ENOUGH["kubernetes", _name] = (but_the_last_newline, _JSON)
_GROUPS = "a host of a group that is not listed counts as mapped"
ENOUGH["hosts", "lsvolgrp"] = (lambda _, cut: cut.endswith(b"\n") and b"ID|Type" in cut, _GROUPS)


def prefixes(case: Case, text: bytes) -> Iterator[bytes]:
    """Cut a text: after each line and in some places, or wherever it can be cut."""
    if ALL:
        places = set(range(len(text)))
    else:
        ends = {place + 1 for place, byte in enumerate(text) if byte == ord("\n")}
        near = set(cuts(len(text.rstrip()), zlib.crc32(str(case).encode()), 12))
        places = ends | {place - 1 for place in ends} | near | {0}
    return (text[:place] for place in sorted(places) if place < len(text))


@pytest.mark.parametrize("kind", KINDS)
async def test_no_beginning_of_an_answer_proves_anything(kind: str) -> None:
    let_through = 0
    for case in proofs(kind):
        assert await is_proof(case), case
        for name, text in case.answers.items():
            enough, _ = ENOUGH.get((kind, name), (lambda *_: False, ""))
            for cut in prefixes(case, text):
                if enough(text, cut):
                    let_through += 1
                elif await is_proof(spoilt(case, name, cut)):
                    pytest.fail(f"{case} {name} that ends with {cut[-60:]!r}")
    listed = [one for one in ENOUGH if one[0] == kind]
    assert not ALL or bool(let_through) is bool(listed), "the list is longer than need"


_OTHERS = "it speaks of something else than what is asked about"
_TWICE = "the same is told in another place too, and one is enough"
_BLANK = "an empty line says nothing"
_NOTE = "a word for people"
_ASKED = "it was asked by its whole path"
_LAYOUT = "what nothing is concluded from"

# By kind and answer: which lines may be missing, and why that is enough.
UNNEEDED: dict[tuple[str, str], dict[str, str]] = {
    ("opensvc-2.1", "instance"): {
        r'"(app|constraints|kind|env|provisioned|status_group|optional|overall)"': _LAYOUT,
        r'"(disable|encap|label|log|monitor|optional|tags|type)": (\[\]|\{\}|false|")': _LAYOUT,
        r'"(global_expect|local_expect|running)": (null|""|\[\])': "nothing is expected, or runs",
        r'"status": "(up|n/a)"': "the state of what only copies, or runs now and then",
    },
    ("opensvc-2.1", "cluster"): {
        r'"(app|constraints|csum|kind|env|name|provisioned|status_group)"': _LAYOUT,
        r'"(optional|overall)": "': _LAYOUT,
        r'"(disable|encap|label|log|monitor|optional|tags|type)": (\[\]|\{\}|false|")': _LAYOUT,
        r'"(global_expect|local_expect|running)": (null|""|\[\])': "nothing is expected, or runs",
        r'"status": "(up|n/a)"': "the state of what only copies, or runs now and then",
        r'"frozen": (0|false)': "that of a node, not of the service",
        r'"(avail|frozen)": "': _OTHERS,
    },
    ("opensvc-3", "instances"): {
        r'"(csum|label|last_started_at|optional|overall|path|provisioned|state|type)": "': _LAYOUT,
        r'"(global_expect|local_expect)": "none"': "nothing is expected",
        r'"status": "up"': "the state of what only copies",
    },
    ("mounts", "storage"): {
        r'"(name|mountpoint|type)":': _LAYOUT,
        r'"(wwn|serial)":|^wwid ': _TWICE,
        r"^$": _BLANK,
        r"^holder dm-3 dm-4$": "dm-4 is told by its own uuid as a partition of the volume",
        r"^over loop4 8:48$": _OTHERS,
    },
    ("mounts", "use"): {
        r"^$": _BLANK,
        r"^990$|^CapEff:": "it hides nothing, so that nobody needs a right to see it",
        r"^use sd[ab] 511 multipathd$": "a use that is none",
    },
    ("lvm", "lvm"): {
        r'"(name|mountpoint|type)":': _LAYOUT,
        r'"(wwn|serial)":|^wwid ': _TWICE,
        r"^$": _BLANK,
        r'"lv_name": "(data|other)"': "a logical volume less: that the report is whole is told",
        r"^part sd[ab] sd[ab][12] ": "paths below a map, which nobody can use past it",
    },
    ("scsi-reservation", "storage"): {
        r'"(name|mountpoint|type)":': _LAYOUT,
        r'"(wwn|serial)":|^wwid ': _TWICE,
        r"^$": _BLANK,
        r"^holder ": "who is registered is asked of the map, whatever stands on which device",
    },
    ("process", "processes"): {
        r"^$": _BLANK,
        r"^990$|^CapEff:|^Name:": "it hides nothing, so that nobody needs a right to see it",
        r"^/proc/[0-9]+/status:Uid:": "whoever is not looked for by his user",
        r"\0": "a command line of somebody who is not looked for by it",
        r"^==> /proc/[27]/cmdline <==$": "a thread of the kernel, or a zombie, has none",
    },
    ("pacemaker", "crm_mon"): {
        r"<(last_update|last_change|resources_configured|failure|fence_event) ": _NOTE,
        r"<(operation_history|node_history)\b": "the history is taken from cibadmin",
        r'<node name="\S+" id="\S+" cached="true"/>': _OTHERS,
        r'<resource id="(fencing|httpd|b_web-\S+)"': _OTHERS,
        r'<resource id="(gfs|pg)(:[01])?"': "an instance less of a clone: the document is whole",
    },
    ("pacemaker", "cibadmin"): {
        r"<lrm_rsc_op ": "an operation before the last one, or of something else",
        r'<node_state id="2" uname="tst2" in_ccm="false"': "a node that is gone needs none",
    },
    ("powerha", "lssrc"): {r"^(?!Current state)": _NOTE},
    ("vcs", "hasys"): {r"^xha9 ": _OTHERS},
    ("aix", "odmget"): {r"^\t(type|generic|rep|nls_index) = |^$": _LAYOUT},
    ("aix", "lspv"): {r"^hdisk[02] ": _OTHERS},
    ("aix", "lsdev"): {r"^hdisk[02678]:": _OTHERS},
    ("aix", "mount"): {r" /(usr|proc|mnt/lpp|u01|u01/oratst2) +(jfs2|procfs|nfs3) ": _OTHERS},
    ("hosts", "lsfbvol"): {r"^=": _NOTE},
    ("hosts", "lsfbvol-2"): {r"^=": _NOTE},
    ("hosts", "lshostconnect"): {r"^=": _NOTE},
    ("hosts", "lshostconnect-2"): {r"^=": _NOTE},
    ("hosts", "lsvolgrp"): {r"^=": _NOTE, r"^(prd|tst|All Fixed Block-512)\|": _GROUPS},
    ("hosts", "lssi"): {r"^=": _NOTE},
    ("io", "first"): {r"^(DASD|seqDASD|cachetrans|NVS|normwriteops|seqwriteops|ph)": _OTHERS},
}
_ABOUT = r'"(resourceVersion|uid|creationTimestamp|apiVersion|nodeName)":'
UNNEEDED |= {
    ("kubernetes", "csidrivers-block.csi.ibm.com"): {
        rf'{_ABOUT}|"podInfoOnMount"|^"Persistent"$': _LAYOUT
    },
    ("kubernetes", "nodes"): {rf'{_ABOUT}|"spec": {{}}|"type": "MemoryPressure"': _LAYOUT},
    ("kubernetes", "persistentvolumeclaims-data-db-0"): {
        rf'{_ABOUT}|"(storage|storageClassName)"|^"ReadWriteOnce"$': _LAYOUT,
        r'"namespace"': _ASKED,
    },
    ("kubernetes", "persistentvolumes-pv-tst-10a2"): {
        rf'{_ABOUT}|"storage"|^"ReadWriteOnce"$|"kind": "PersistentVolumeClaim"': _LAYOUT,
        r'"phase": "Bound"': "the claim says so too",
    },
    ("kubernetes", "pods"): {
        rf'{_ABOUT}|"name": "(data|token|db-1|web-0|load-[12])"': _LAYOUT,
        r'"claimName": "data-db-0"': "whatever a pod has used that has ended",
        r'"namespace"': _ASKED,
    },
    ("kubernetes", "pods-2"): {
        rf'{_ABOUT}|"name": "(data|token|web-1)"': _LAYOUT,
        r'"namespace"': _ASKED,
    },
    ("kubernetes", "statefulsets-db"): {
        rf'{_ABOUT}|"(app|availableReplicas|collisionCount)"': _LAYOUT,
        r'"namespace"': _ASKED,
    },
    ("kubernetes", "volumeattachments"): {
        rf'{_ABOUT}|"(attacher|attached)"|"name": "csi-7f3"': _LAYOUT
    },
}
UNNEEDED["scsi-reservation", "reservations"] = UNNEEDED["scsi-reservation", "storage"]
UNNEEDED["io", "second"] = UNNEEDED["io", "first"]


def why_unneeded(kind: str, name: str, line: str) -> str:
    for pattern, reason in UNNEEDED.get((kind, name), {}).items():
        if re.search(pattern, line):
            return reason
    return ""


@pytest.mark.parametrize("kind", KINDS)
async def test_no_answer_that_lacks_a_line_proves_anything(kind: str) -> None:
    used: set[tuple[str, str]] = set()
    for case in proofs(kind):
        for name, text in case.answers.items():
            lines = text.splitlines(keepends=True)
            for number, line in enumerate(lines):
                rest = b"".join((*lines[:number], *lines[number + 1 :]))
                if not await is_proof(spoilt(case, name, rest)):
                    continue
                bare = line.decode().rstrip("\n")
                reason = why_unneeded(kind, name, bare if line[:1] == b"\t" else bare.strip())
                assert reason, f"{case} {name} without {bare!r}"
                used.add((name, reason))
    reasons = {
        (name, why) for (of, name), told in UNNEEDED.items() for why in told.values() if of == kind
    }
    assert not ALL or used == reasons, "a reason that no line has any more"


FRAMED = {"mounts", "lvm", "scsi-reservation", "process"}
"""What a probe tells of a host stands in a frame of its own: nothing can come before or after."""

SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "twice": lambda text: text * 2,
    "nothing": lambda _: b"",
    "a blank line": lambda _: b"\n",
    "with ends of lines of a terminal": lambda text: text.replace(b"\n", b"\r\n"),
    "after a warning": lambda text: b"WARNING: this host is being patched\n" + text,
    "before a warning": lambda text: text + b"WARNING: this host is being patched\n",
    "before half a line": lambda text: text + text.splitlines()[-1][:4],
    "in capitals": bytes.upper,
    "with other blanks": lambda text: text.replace(b" ", b"\xc2\xa0"),
    "with a byte that is no text": lambda text: text.replace(b"e", b"\xff"),
}
HARMLESS: dict[tuple[str, str], str] = {
    ("opensvc", "with ends of lines of a terminal"): "blanks in JSON mean nothing",
    ("kubernetes", "with ends of lines of a terminal"): "blanks in JSON mean nothing",
    ("aix lsvg", "twice"): "a set of names; the same name again",
    ("powerha lssrc", "after a warning"): "words for people stand around the one line that counts",
    ("powerha lssrc", "before a warning"): "words for people stand around the one line that counts",
    ("hosts lsfbvol", "after a warning"): "before the first header dscli says all kinds of things",
    ("hosts lshostconnect", "with other blanks"): "a message is known by its number",
    ("hosts lsvolgrp", "with other blanks"): "a type that is not known limits nobody",
    ("hosts lssi", "with other blanks"): "they stand in names of columns that nobody reads",
    ("hosts lspprc", "before half a line"): "a column of the next report that nobody reads",
    ("hosts lspprc", "with other blanks"): "a message by its number; remote copies prove nothing",
    ("hosts", "with ends of lines of a terminal"): "dscli may be asked on a terminal",
    ("io", "with ends of lines of a terminal"): "dscli may be asked on a terminal",
}


def harmless(case: Case, name: str, how: str) -> bool:
    return any(f"{case.kind} {name}".startswith(one) and of == how for one, of in HARMLESS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "http"])
async def test_no_answer_that_is_garbled_proves_anything(kind: str) -> None:
    for case in proofs(kind):
        for name, text in case.answers.items():
            for how, spoil in SPOILT.items():
                worse = spoil(text)
                if worse == text or harmless(case, name, how):
                    continue
                if kind in FRAMED and how.startswith("before"):
                    continue
                assert not await is_proof(spoilt(case, name, worse)), f"{case} {name} {how}"


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in {"http", "hosts", "io", *FRAMED}]
)
@pytest.mark.parametrize("status", [1, 2, 127, 255, -9, 503])
async def test_no_answer_of_a_program_that_failed_proves_anything(kind: str, status: int) -> None:
    """Whatever it has printed before."""
    for case in proofs(kind):
        for name in case.answers:
            failed = replace(case, statuses={**case.statuses, name: status})
            assert not await is_proof(failed), f"{case} {name} with {status}"


@pytest.mark.parametrize("kind", KINDS)
async def test_no_answer_that_is_missing_proves_anything(kind: str) -> None:
    for case in proofs(kind):
        for name in case.answers:
            rest = {other: text for other, text in case.answers.items() if other != name}
            assert not await is_proof(replace(case, answers=rest)), f"{case} without {name}"
