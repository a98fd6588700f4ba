"""Whether sessions can be kept."""

from __future__ import annotations

from flashd.core.checkup.diagnosis import State
from flashd.core.checkup.sessions import judge_session, judge_terminal


def test_a_host_without_terminals_is_a_hint() -> None:
    assert judge_terminal("").state is State.OK
    lack = judge_terminal("no such file or directory")
    assert lack.state is State.HINT
    assert "each command has a login of its own" in lack.words
    assert "no such file or directory" in lack.words
    assert "mount -t devpts" in lack.hint


def test_a_session_that_is_not_kept_is_a_hint() -> None:
    assert judge_session("A", "").state is State.OK
    doubt = judge_session("A", "dscli asks for more")
    assert (doubt.check, doubt.state) == ("session with A", State.HINT)
    assert "dscli asks for more" in doubt.words
