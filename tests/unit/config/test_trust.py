"""Who could change what a path leads to; users and groups are real, so root runs most of it."""

from __future__ import annotations

import grp
import os
import pwd
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.config.files import read_files
from flashd.config.trust import distrust_here, distrust_of, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file in folders that nobody else can change."""
    (folder := tmp_path / "a" / "b").mkdir(parents=True, mode=0o755)
    (made := folder / "file").write_text("")
    for place in (tmp_path / "a", folder):
        place.chmod(0o755)
    made.chmod(0o755)
    return made


def told(path: Path) -> str:
    return str(distrust_of(path) or "")


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o644, 0o000, 0o1755, 0o555])
def test_what_only_its_owner_can_change_is_believed(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert told(file) == ""


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777, 0o020, 0o002, 0o1777])
def test_what_its_group_or_others_can_change_is_not(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert told(file) == (
        f"{file} can be changed by its group or by others; run: chmod go-w {file}"
    )
    assert str(distrust_here(file)) == told(file)


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_each_folder_above_counts(file: Path, mode: int) -> None:
    for folder in (file.parent, file.parent.parent):
        folder.chmod(mode)
        assert told(file).endswith(f"chmod go-w {folder}")
        folder.chmod(0o755)


def test_a_sticky_folder_may_stand_above_but_not_hold_the_file_itself(file: Path) -> None:
    file.parent.parent.chmod(0o1777)
    assert told(file) == ""
    file.parent.chmod(0o1777)
    assert told(file).endswith(f"chmod go-w {file.parent}")


def test_a_sticky_folder_is_no_place_to_keep_something(file: Path) -> None:
    file.parent.chmod(0o1777)
    assert told(file.parent).endswith(f"chmod go-w {file.parent}")


def test_a_link_that_stands_in_a_sticky_folder_is_not_followed(file: Path) -> None:
    (folder := file.parent.parent / "sticky").mkdir()
    (folder / "link").symlink_to(file.parent)
    assert told(folder / "link" / "file") == ""
    folder.chmod(0o1777)
    assert told(folder / "link" / "file").endswith(f"chmod go-w {folder}")


def test_a_link_in_the_middle_of_a_chain_is_a_step_like_each_other(file: Path) -> None:
    """A look at the first name and at the last goal does not see who can change the one between."""
    top = file.parent.parent
    (between := top / "between").mkdir(mode=0o755)
    (first := top / "first").symlink_to("between/second")
    (between / "second").symlink_to(file)
    assert told(first) == ""
    between.chmod(0o777)
    assert told(first).endswith(f"chmod go-w {between}")


def test_the_way_up_is_the_one_of_the_goal(file: Path) -> None:
    top = file.parent.parent
    (top / "elsewhere").mkdir(mode=0o755)
    (top / "elsewhere" / "link").symlink_to(file.parent)
    assert told(top / "elsewhere" / "link" / ".." / "b" / "file") == ""


def test_links_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(OSError, match="Too many levels"):
        distrust_of(tmp_path / "one")


def test_what_is_not_there_is_an_error_and_no_trust(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        distrust_of(tmp_path / "none")


@as_root
def test_what_belongs_to_somebody_else_is_not_believed_nor_what_lies_in_his_folder(
    file: Path,
) -> None:
    for place in (file, file.parent, file.parent.parent):
        os.chown(place, NOBODY, -1)
        assert told(file) == f"{place} belongs to another user than root; run: chown root {place}"
        os.chown(place, 0, -1)
    assert told(file) == ""


@as_root
def test_a_link_of_somebody_else_is_not_followed(file: Path) -> None:
    (link := file.parent / "link").symlink_to("file")
    os.chown(link, NOBODY, -1, follow_symlinks=False)
    assert told(link).endswith(f"chown -h root {link}")


@as_root
def test_who_runs_this_is_believed_and_only_then(
    file: Path, as_user: Callable[[int], None]
) -> None:
    os.chown(file, NOBODY, -1)
    found = file.stat()
    assert judge(file, found)
    as_user(NOBODY)
    assert judge(file, found) is None


def own_group() -> pwd.struct_passwd | None:
    """A user who has a group of his own name, in which nobody else is."""
    for user in pwd.getpwall():
        try:
            group = grp.getgrgid(user.pw_gid)
        except KeyError:
            continue
        if user.pw_uid and group.gr_name == user.pw_name and not group.gr_mem:
            return user
    return None


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A file to which every user finds the way."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (made := Path(folder, "file")).write_text("")
        yield made


@as_root
def test_the_group_of_a_users_own_name_is_himself_but_roots_is_not(
    reachable: Path, as_user: Callable[[int], None]
) -> None:
    if (user := own_group()) is None:
        pytest.skip("no user here has a group of his own")
    reachable.chmod(0o775)
    os.chown(reachable, user.pw_uid, user.pw_gid)
    his_own = reachable.stat()
    os.chown(reachable, user.pw_uid, 0)
    of_others = reachable.stat()
    as_user(user.pw_uid)
    assert judge(reachable, his_own) is None
    assert "can be changed by its group" in str(judge(reachable, of_others))
    os.seteuid(0)
    os.chown(reachable, 0, 0)
    assert "can be changed by its group" in str(judge(reachable, reachable.stat()))


ANYBODY = 0xFFFFFFFF
ENTRIES = ((1, 6, ANYBODY), (2, 6, NOBODY), (4, 0, ANYBODY), (16, 6, ANYBODY), (32, 0, ANYBODY))
"""As acl(5) has them: its owner, one more user, its group, the mask, others."""


@as_root
def test_who_is_listed_to_write_a_file_of_a_private_group_is_somebody_else(
    reachable: Path, as_user: Callable[[int], None]
) -> None:
    """An access list puts its mask into the bits of the group."""
    if (user := own_group()) is None:
        pytest.skip("no user here has a group of his own")
    os.chown(reachable, user.pw_uid, user.pw_gid)
    reachable.chmod(0o660)
    before = reachable.stat()
    written = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *one) for one in ENTRIES)
    try:
        os.setxattr(reachable, "system.posix_acl_access", written)
    except OSError:
        pytest.skip("this file system has no access lists")
    assert reachable.stat().st_mode == before.st_mode
    as_user(user.pw_uid)
    assert "can be changed by its group or by others" in str(judge(reachable, reachable.stat()))


@pytest.fixture
def as_user() -> Iterator[Callable[[int], None]]:
    yield os.seteuid
    os.seteuid(0)


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (folder := tmp_path / "etc" / "services.d").mkdir(parents=True)
    for place in (folder.parent, folder):
        place.chmod(0o755)
    for name in ("flashd.yaml", "protected.yaml", "services.d/a.yaml"):
        (folder.parent / name).write_text("# nothing\n")
        (folder.parent / name).chmod(0o644)
    return folder.parent


NAMES = ["flashd.yaml", "protected.yaml", "services.d/a.yaml"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_configuration_file_that_others_can_change_is_not_used(
    etc: Path, name: str, mode: int
) -> None:
    (etc / name).chmod(mode)
    files = read_files(etc)
    assert set(files.texts) == set(NAMES) - {name}
    assert [str(one) for one in files.unread] == [
        f"{etc / name}:1:1: is not used: {told(etc / name)}"
    ]


@as_root
@pytest.mark.parametrize("name", NAMES)
def test_a_configuration_file_of_another_user_is_not_used(etc: Path, name: str) -> None:
    os.chown(etc / name, NOBODY, -1)
    files = read_files(etc)
    assert set(files.texts) == set(NAMES) - {name}
    assert f"run: chown root {etc / name}" in str(files.unread[0])


@pytest.mark.parametrize("name", ["", "services.d"])
def test_nothing_is_used_of_a_directory_that_others_can_change(etc: Path, name: str) -> None:
    (etc / name).chmod(0o775)
    files = read_files(etc)
    assert not files.texts
    assert f"run: chmod go-w {etc / name}" in str(files.unread[0])


def test_a_linked_file_is_judged_by_the_whole_way_to_it(etc: Path, tmp_path: Path) -> None:
    (folder := tmp_path / "elsewhere").mkdir()
    (etc / "services.d/a.yaml").rename(folder / "real.yaml")
    (etc / "services.d/a.yaml").symlink_to(folder / "real.yaml")
    assert len(read_files(etc).texts) == 3
    folder.chmod(0o777)
    assert f"run: chmod go-w {folder}" in str(read_files(etc).unread[0])
