"""Some hundred executions of each target, what was found before, and whether a check sees it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.config.guards import BUILT_IN_GUARDS
from flashd.model.verdict import Finding, Verdict
from tests.fuzz import answered, dscli, hostviews, remote
from tests.fuzz.guards import Look, Looking, case_of, said_of
from tests.fuzz.managers import READERS as MANAGERS
from tests.fuzz.readers import READERS, UNIT
from tests.fuzz.table import TARGETS
from tests.fuzz.target import cuts, joined, parts

if TYPE_CHECKING:
    from tests.fuzz.guards import Reader
    from tests.fuzz.target import Target

ROOT = Path(__file__).parents[2]
FOUND = sorted((Path(__file__).parent / "found").glob("*/*"))
SEED = 20261126
RUNS = 800
AVAILABLE = importlib.util.find_spec("atheris") is not None or os.environ.get("CI")


@pytest.mark.skipif(not AVAILABLE, reason="there is no atheris for this machine")
def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    words = ("--runs", str(RUNS), "--seed", str(SEED), "--found", str(tmp_path))
    argv = (sys.executable, "-m", "tests.fuzz.run", *words)
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}"
    lines = [line for line in done.stdout.splitlines() if "executions" in line]
    assert len(lines) == len(TARGETS) + 1


READ_ELSEWHERE = {
    "tcp": "reads nothing",
    "hosts": "dscli-inventory",
    "io": "dscli-counters",
}


def test_every_guard_that_reads_an_answer_is_fuzzed() -> None:
    fuzzed = {name.removeprefix("guard-").partition("-2")[0].partition("-3")[0] for name in TARGETS}
    assert BUILT_IN_GUARDS.keys() - fuzzed == READ_ELSEWHERE.keys()
    assert {one for one in READ_ELSEWHERE.values() if one.startswith("dscli")} <= TARGETS.keys()


@pytest.mark.parametrize("file", FOUND, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_what_was_found_is_mended(file: Path) -> None:
    target = TARGETS[file.parent.name]
    data = file.read_bytes()
    target.check(data, target.read(data))


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_the_seeds_are_read_as_what_they_are(target: Target) -> None:
    read = []
    for seed in target.seeds():
        read.append(target.read(seed))
        target.check(seed, read[-1])
    assert any(read), "no seed that is understood: nothing is checked"


@pytest.mark.parametrize(
    "reader",
    [*READERS, *MANAGERS, *hostviews.READERS, *answered.READERS],
    ids=lambda reader: reader.name,
)
def test_a_seed_of_each_guard_proves_what_it_can(reader: Reader) -> None:
    target = TARGETS[f"guard-{reader.name}"]
    verdicts = {target.read(seed).finding.verdict for seed in target.seeds()}
    assert reader.proof in verdicts


def broken(name: str, data: bytes, result: object) -> bool:
    """Whether the check of a target sees that a reader is wrong."""
    try:
        TARGETS[name].check(data, result)
    except AssertionError:
        return True
    return False


def seed_of(name: str) -> bytes:
    return next(seed for seed in TARGETS[name].seeds() if TARGETS[name].read(seed))


def test_a_listing_without_a_row_or_with_another_one_is_seen() -> None:
    data = seed_of("dscli-listing")
    relations = TARGETS["dscli-listing"].read(data)
    first, *others = relations
    assert broken("dscli-listing", data, {pair: relations[pair] for pair in others})
    for changed in ({"recording": None}, {"state": "Invalid"}, {"out_of_sync_tracks": 7}):
        wrong = relations | {first: replace(relations[first], **changed)}
        assert broken("dscli-listing", data, wrong)
    assert broken("dscli-listing", b"CMUC00234I lsflash: whatever", relations)
    assert broken("dscli-listing", b"", {})


def test_an_acceptance_that_nobody_said_is_seen() -> None:
    seeds = [seed for seed in dscli.TARGETS[1].seeds() if b"0003:0004 successfully" in seed]
    status, stdout, stderr = parts(seeds[0], 3)
    answer = TARGETS["dscli-answer"].read(joined("0", stdout, stderr))
    assert answer.all_accepted
    for worse in (
        stdout.replace(b"0003:0004", b"0003:0005"),
        stdout.replace(b"CMUC00168I", b"CMUC00168W"),
        stdout[: stdout.index(b"0003:0004") + 5],
    ):
        assert broken("dscli-answer", joined(status, worse, stderr), answer)
    assert broken("dscli-answer", joined("0", stdout, stderr), replace(answer, refused=True))


def test_a_down_that_was_not_answered_is_seen() -> None:
    target = Looking(READERS[0])
    down = Look(Finding(Verdict.DOWN, f"{UNIT} is inactive"), 1)
    seeds = [list(outputs) for outputs in READERS[0].seeds() if len(outputs) == 1]
    proved = 0
    for outputs in seeds:
        data = case_of(outputs)
        if target.read(data).finding.verdict is Verdict.DOWN:
            proved += 1
            target.check(data, down)
        else:
            with pytest.raises(AssertionError):
                target.check(data, down)
    assert proved


@pytest.mark.parametrize(
    "reader", [*hostviews.READERS, *answered.READERS], ids=lambda one: one.name
)
def test_a_proof_that_nobody_gave_is_seen(reader: Reader) -> None:
    """What a seed does not prove must not pass as proof, nor what all of them answered together."""
    target = TARGETS[f"guard-{reader.name}"]
    read = [(seed, target.read(seed)) for seed in target.seeds()]
    proof = next(look for _, look in read if look.finding.verdict is reader.proof)
    denied = [seed for seed, look in read if look.finding.verdict is not reader.proof]
    assert denied
    for seed in denied:
        with pytest.raises((AssertionError, LookupError, ValueError)):
            target.check(seed, replace(proof, asked=len(said_of(seed))))


def test_a_frame_of_somebody_else_is_seen() -> None:
    found = TARGETS["frame"].read(remote.whole())
    assert not broken("frame", remote.whole(), found)
    assert broken("frame", remote.whole(status="rc=256"), found)
    assert broken("frame", remote.whole().replace(remote.NONCE.encode(), b"0" * 32), found)
    assert broken("frame", remote.whole()[:-1], found)
    assert broken("frame", remote.whole() * 2, found)


def test_a_cut_is_never_the_whole() -> None:
    assert cuts(0, 5) == []
    assert all(0 <= place < 9 for place in cuts(9, 123456))
    assert 8 in cuts(9, 4)
