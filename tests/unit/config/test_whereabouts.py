"""Where the state and the logins are, as a bad flashd.yaml still tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashd.config.mistakes import Source
from flashd.config.settings import Settings
from flashd.config.whereabouts import whereabouts

ETC = Path("/etc/somewhere")
DEFAULT = Settings().state
PG = "postgresql+psycopg://flashd@db/flashd"
ELSEWHERE = "sqlite:////srv/flashd.db"

CASES = {
    "nothing": ("", DEFAULT),
    "a wrong key beside it": (f"state: {PG}\ncheck_intervall: 30s\n", PG),
    "a wrong value beside it": (f"check_interval: soon\nstate: '{PG}'\n", PG),
    "a wrong key and no state": ("check_intervall: 30s\n", DEFAULT),
    "in JSON": (f'{{"state": "{PG}", "x": 1}}', PG),
    "no YAML, and the state on its line": (f"state: {ELSEWHERE}\ndscli: {{\n", ELSEWHERE),
    "no YAML, quoted, with a comment": (f'dscli: [\nstate: "{ELSEWHERE}"  # here\n', ELSEWHERE),
    "no YAML, and no state": ("dscli: {\n", DEFAULT),
    "no YAML, and a state in a comment only": (f"# state: {PG}\ndscli: {{\n", DEFAULT),
    "a key given twice": ("timezone: UTC\ntimezone: UTC\n", DEFAULT),
    "the state is wrong": ("state: mysql://x\n", None),
    "the state is a list": ("state: [a]\n", None),
    "the state is empty": ("state:\n", None),
    "the state is misspelt": (f"sate: {PG}\n", None),
    "the state is written otherwise": (f"State: {PG}\n", None),
    "the state twice": (f"state: {PG}\nstate: {ELSEWHERE}\n", None),
    "the state is misspelt, no YAML": (f"STATE: {PG}\ndscli: {{\n", None),
    "no YAML, the state in one line with more": (f'{{"state": "{PG}", "dscli": {{', None),
    "no YAML, the state in two lines": (f"state: >\n  {PG}\ndscli: {{\n", None),
    "a conflict of two changes": (f"<<<<<<<\nstate: {PG}\n=======\nstate: x\n>>>>>>>\n", None),
    "the logins are misspelt": ("auht: /etc/other.conf\n", None),
    "not a mapping": ("- state\n", None),
}


@pytest.mark.parametrize(("text", "state"), CASES.values(), ids=CASES.keys())
def test_a_default_is_believed_only_where_nothing_else_is_said(
    text: str, state: str | None
) -> None:
    found = whereabouts(Source("flashd.yaml", text), ETC)
    assert (found.state if found else None) == state


def test_the_logins_and_password_files_are_told_too() -> None:
    text = "auth: /srv/auth.conf\npwfiles: /srv/pw\nnonsense: 1\n"
    found = whereabouts(Source("flashd.yaml", text), ETC)
    assert found is not None
    assert (str(found.auth), str(found.pwfiles)) == ("/srv/auth.conf", "/srv/pw")
    beside = whereabouts(Source("flashd.yaml", "nonsense: 1\n"), ETC)
    assert beside is not None
    assert beside.auth == ETC / "auth.conf"
