from __future__ import annotations

import os
from pathlib import Path

import pytest

from flashd.config.configuration import interpret, load
from flashd.config.files import MAX_BYTES, Files, read_files
from flashd.config.mistakes import Mistakes


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "services.d").mkdir()
    return tmp_path


def put(etc: Path, name: str, text: str = "") -> Path:
    file = etc / name
    file.write_text(text, encoding="utf-8")
    return file


def unread(files: Files) -> list[str]:
    return [str(mistake) for mistake in files.unread]


def test_reads_settings_protected_and_services(etc: Path) -> None:
    for name in ("flashd.yaml", "protected.yaml", "services.d/b.yaml", "services.d/a.yaml"):
        put(etc, name, name)
    found = read_files(etc)
    assert found.texts == {
        name: name
        for name in ("flashd.yaml", "protected.yaml", "services.d/a.yaml", "services.d/b.yaml")
    }
    assert found.services == ("services.d/a.yaml", "services.d/b.yaml")
    assert not found.unread


def test_leaves_out_what_editors_and_packages_leave_behind(etc: Path) -> None:
    for name in (
        ".a.yaml",
        "a.yaml~",
        "a.yaml.rpmnew",
        "a.yaml.swp",
        "#a.yaml#",
        "README",
        "x.json",
    ):
        put(etc, f"services.d/{name}", "[")
    put(etc, "auth.conf", "[")
    found = read_files(etc)
    assert not found.texts
    assert not found.hints


def test_hints_at_a_name_that_ends_in_yml(etc: Path) -> None:
    put(etc, "services.d/a.yml")
    put(etc, "flashd.yml")
    assert [str(hint) for hint in read_files(etc).hints] == [
        f"{etc}/flashd.yml:1:1: is not read; its name must end in .yaml",
        f"{etc}/services.d/a.yml:1:1: is not read; its name must end in .yaml",
    ]


@pytest.mark.parametrize("name", ["protected.yml", "Protected.yaml", "PROTECTED.YML"])
def test_invariant_2_what_would_protect_nothing_for_its_name_is_refused(
    etc: Path, name: str
) -> None:
    put(etc, name, "hosts: [prd1]\n")
    put(etc, "protected.yaml.example", "hosts: [prd1]\n")
    found = read_files(etc)
    (told,) = unread(found)
    assert told.startswith(f"{etc}/{name}:1:1: is not read; its name must be protected.yaml;")
    assert not found.hints
    with pytest.raises(Mistakes):
        interpret(found)


def test_no_files_are_no_services(tmp_path: Path) -> None:
    assert load(tmp_path).services == ()
    assert [str(hint) for hint in load(tmp_path).hints] == [
        f"{tmp_path}/services.d:1:1: no service is defined"
    ]


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "etc"
    assert unread(read_files(missing)) == [
        f"{missing}:1:1: no such directory; name it with --config-dir"
    ]
    with pytest.raises(Mistakes):
        load(missing)


def test_a_file_instead_of_the_directory(etc: Path) -> None:
    file = put(etc, "flashd.yaml")
    assert unread(read_files(file)) == [f"{file}:1:1: cannot be read: not a directory"]


def test_a_file_instead_of_services_d(tmp_path: Path) -> None:
    file = put(tmp_path, "services.d")
    assert unread(read_files(tmp_path)) == [f"{file}:1:1: cannot be read: not a directory"]


def test_what_is_not_a_regular_file_is_told_without_waiting(etc: Path) -> None:
    (etc / "services.d/dir.yaml").mkdir()
    os.mkfifo(etc / "services.d/fifo.yaml")
    (etc / "services.d/link.yaml").symlink_to("nowhere")
    (etc / "services.d/loop.yaml").symlink_to("loop.yaml")
    put(etc, "services.d/ok.yaml", "ok")
    found = read_files(etc)
    assert found.texts == {"services.d/ok.yaml": "ok"}
    assert unread(found) == [
        f"{etc}/services.d/dir.yaml:1:1: is not a regular file",
        f"{etc}/services.d/fifo.yaml:1:1: is not a regular file",
        f"{etc}/services.d/link.yaml:1:1: is a symbolic link that leads nowhere",
        f"{etc}/services.d/loop.yaml:1:1: cannot be read: too many levels of symbolic links",
    ]


def test_a_symbolic_link_to_a_file_is_read(etc: Path) -> None:
    put(etc, "real", "text")
    (etc / "services.d/link.yaml").symlink_to("../real")
    assert read_files(etc).texts == {"services.d/link.yaml": "text"}


def test_a_byte_order_mark_is_no_part_of_the_text(etc: Path) -> None:
    (etc / "flashd.yaml").write_bytes(b"\xef\xbb\xbfidle: x\n")
    assert read_files(etc).texts == {"flashd.yaml": "idle: x\n"}


def test_what_is_not_utf8_is_told_with_its_place(etc: Path) -> None:
    (etc / "flashd.yaml").write_bytes(b"a: b\nc: \xe9\n")
    assert unread(read_files(etc)) == [f"{etc}/flashd.yaml:2:4: not UTF-8; save the file as UTF-8"]


def test_a_file_may_be_large_but_not_huge(etc: Path) -> None:
    (etc / "services.d/a.yaml").write_bytes(b"#" * MAX_BYTES)
    (etc / "services.d/b.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    found = read_files(etc)
    assert list(found.texts) == ["services.d/a.yaml"]
    assert unread(found) == [f"{etc}/services.d/b.yaml:1:1: is larger than 16 MiB; split it"]


def test_a_file_that_vanishes_is_not_half_of_a_change(
    etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listing still has a file that was moved away when it is to be read."""
    put(etc, "services.d/old.yaml", "x")
    listed = os.listdir

    def listing(path: Path) -> list[str]:
        names = listed(path)
        if "old.yaml" in names:
            (etc / "services.d/old.yaml").rename(etc / "services.d/new.yaml")
        return names

    monkeypatch.setattr(os, "listdir", listing)
    assert read_files(etc).texts == {"services.d/new.yaml": "x"}


def test_a_file_that_vanishes_again_and_again_is_told(
    etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: [*listed(path), "ghost.yaml"])
    assert unread(read_files(etc)) == [
        f"{etc}/services.d/ghost.yaml:1:1: vanished while it was read; look again"
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_must_not_be_read(etc: Path) -> None:
    put(etc, "flashd.yaml").chmod(0)
    assert unread(read_files(etc)) == [f"{etc}/flashd.yaml:1:1: cannot be read: permission denied"]


def test_what_cannot_be_read_hides_no_other_mistake(etc: Path) -> None:
    (etc / "services.d/dir.yaml").mkdir()
    put(etc, "services.d/bad.yaml", "servces:\n")
    with pytest.raises(Mistakes) as refused:
        load(etc)
    assert [Path(mistake.file).name for mistake in refused.value.mistakes] == [
        "bad.yaml",
        "dir.yaml",
    ]


def test_files_can_come_from_anywhere() -> None:
    remembered = {"services.d/a.yaml": "services:\n", "flashd.yaml": "check_interval: 5m\n"}
    found = interpret(Files(Path("/etc/flashd"), remembered))
    assert found.settings.check_interval.total_seconds() == 300
