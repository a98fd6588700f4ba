"""What is remembered of the files has no password of the store itself."""

from __future__ import annotations

import pytest

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
    found = without_password(texts, url)
    assert found == {**texts, "flashd.yaml": f'state: "{kept}"\nauth: /a\n'}


def test_where_there_is_no_file_there_is_nothing_to_leave_out() -> None:
    assert without_password({}, URLS["user and password"][0]) == {}
