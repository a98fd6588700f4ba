"""No password that another's text shows is repeated, and nothing else of it is lost."""

from __future__ import annotations

import pytest

from flashd.model.masking import names_a_secret, without_any, without_secrets
from flashd.model.verdict import Finding, Verdict

SHOWN = (
    *(
        "-pw CANARY",
        "-pw\tCANARY",
        "-pw=CANARY",
        "-pw -CANARY",
        "-passwd CANARY",
        "--password CANARY",
    ),
    *('-pw "CAN ARY"', "-pw 'CAN ARY'", '"-pw" "CANARY"', "['-pw', 'CANARY']", "[-pw, CANARY]"),
    *("--password=CANARY", "password=CANARY", 'password="CAN ARY"', "password = CANARY"),
    *("Password : CANARY", '{"password": "CAN ARY"}', '{\\"password\\": \\"CAN ARY\\"}'),
    *("PASSWORD=>CANARY", "password%3DCANARY", "<password>CANARY</password>", "Passwort: CANARY"),
    *(
        "PGPASSWORD=CANARY",
        "-Djavax.net.ssl.keyStorePassword=CANARY",
        "db_pwd=CANARY",
        "pw: CANARY",
    ),
    *("passphrase: CANARY", "new password: CANARY", "Enter your password: CANARY"),
    *('wrong password "CANARY"', "the password 'CAN ARY' was refused"),
    *("token=CANARY", "token: CANARY", "X-Api-Key: CANARY", "client_secret=CANARY"),
    *("Authorization: Bearer CANARY", "Authorization: Basic CANARY", "bearer CANARY"),
    *("https://user:CANARY@host/", "postgresql+psycopg://u:CAN/ARY@h/x", "redis://:CANARY@h"),
)
KEPT = (
    *(
        "Enter your password:CMUC00191E dscli: no",
        "Password Expiration 90 days",
        "-pwfile /a/b.pwfile",
    ),
    *(
        "the password is wrong",
        "unexpected token: <",
        "https://user@host:80/path",
        "http://[::1]:80/",
    ),
    *("Basic FlashCopy", "ssh key: /var/lib/flashd/probe.key", "hwpw 5", "a pass 3", "0001:0002"),
    *("password file /x is missing", "password:", "password=\nCMUN03099E", "pw", ""),
)


@pytest.mark.parametrize("text", SHOWN)
def test_what_follows_a_word_for_a_password_is_blanked(text: str) -> None:
    found = without_secrets(f"it says {text}\nand more")
    assert "CAN" not in found
    assert "ARY" not in found
    assert "********" in found
    assert found.startswith("it says ")
    assert found.endswith("\nand more")


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_password_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_evidence_is_blanked_in_all_its_parts() -> None:
    evidence = {
        "command": ["mysql", "-pw", "CANARY", "--password=CANARY"],
        "processes": ({"pid": 7, "line": "sqlplus -password CANARY"},),
        "password": "CANARY",
        "exit_status": 1,
        "none": None,
    }
    found = Finding(Verdict.UP, "it runs: mysql --password=CANARY", evidence)
    assert "CANARY" not in repr(found)
    assert found.evidence["exit_status"] == 1
    assert found.evidence["command"] == ["mysql", "-pw", "********", "--password=********"]
    assert found.reason == "it runs: mysql --password=********"
    harmless = {"lines": ["a", "b"], "n": (1, 2)}
    assert without_any(harmless) == harmless


@pytest.mark.parametrize(
    "name", ["PGPASSWORD", "db_passwd", "VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY"]
)
def test_a_variable_is_known_by_its_name(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name", ["PATH", "PWD", "OLDPWD", "HOME", "SSH_ASKPASS", "LC_KEYS", "TERM"]
)
def test_other_variables_hold_none(name: str) -> None:
    assert not names_a_secret(name)
