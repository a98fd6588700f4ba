"""What is remembered of the files has no password of the store itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashd.config.mistakes import Source
from flashd.config.settings import read_settings
from flashd.config.whereabouts import without_password

BARE = "postgresql+psycopg://flashd@db.example.net:5432/flashd"
URLS = {
    "user and password": (BARE.replace("flashd@", "flashd:s3cr%40t@"), BARE),
    "no password": (BARE, BARE),
    "no user": ("postgresql+psycopg://:s3cret@db/flashd", "postgresql+psycopg://@db/flashd"),
    "empty": (BARE.replace("flashd@", "flashd:@"), BARE),
    "a file": ("sqlite:////var/lib/flashd/a:b@c.db", "sqlite:////var/lib/flashd/a:b@c.db"),
}


@pytest.mark.parametrize(("url", "kept"), URLS.values(), ids=URLS.keys())
def test_the_password_is_left_out(url: str, kept: str) -> None:
    texts = {"flashd.yaml": f'state: "{url}"\nauth: /a\n', "services.d/a.yaml": "services:\n"}
    found = without_password(texts)
    assert found == {**texts, "flashd.yaml": f'state: "{kept}"\nauth: /a\n'}


def having(password: str, user: str = "flashd:") -> str:
    return BARE.replace("flashd@", f"{user}{password}@")


WRITTEN = {
    "a slash in it": f"state: {having('CAN/ARY')}\n",
    "a question mark": f"state: {having('CAN?ARY')}\n",
    "an @ in it": f"state: {having('CAN@ARY')}\n",
    "blanks in it": f"state: '{having('CAN ARY')}'\n",
    "a quote in it": "state: '" + having("CAN''ARY") + "'\n",
    "escaped": 'state: "' + having("CANARY", "fl\\x61shd\\x3a") + '"\n',
    "over two lines": 'state: "' + having("CAN\\\n  ARY") + '"\n',
    "a block": f"state: >-\n  {having('CANARY')}\n",
    "an anchor": f"state: &it {having('CANARY')}\n",
    "a comment": f"state: {BARE}  # was {having('CANARY')}\n",
    "a comment above": f"# {having('CANARY')}\nstate: {BARE}\n",
    "a flow mapping": '{"state": "' + having("CANARY") + '"}\n',
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN.keys())
def test_the_password_is_left_out_however_it_is_written(text: str) -> None:
    """All else that the file says is kept, and it can be read again."""
    more = text if text.startswith("{") else f"{text}timezone: Asia/Tokyo\ncheck_interval: 7s\n"
    before, mistakes = read_settings(Source("flashd.yaml", more), Path("/etc/flashd"))
    assert before, mistakes
    kept = without_password({"flashd.yaml": more})["flashd.yaml"]
    assert "CAN" not in kept
    assert "ARY" not in kept
    after, mistakes = read_settings(Source("flashd.yaml", kept), Path("/etc/flashd"))
    assert after, mistakes
    assert after.model_copy(update={"state": before.state}) == before


def test_what_is_no_password_stays_as_it_is_written() -> None:
    texts = {"flashd.yaml": f'state: "{BARE}" # ask dba@db:5432/x\nssh: {{user: a@b}}\n'}
    assert without_password(texts) == texts


def test_where_there_is_no_file_there_is_nothing_to_leave_out() -> None:
    assert without_password({}) == {}
