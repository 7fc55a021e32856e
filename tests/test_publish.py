"""A site gets exports completely or not at all, and nothing that is not ours is ever touched."""

import builtins
import contextlib
import errno
import json
import math
import os
import shutil
import sys
import threading
import time
from pathlib import Path

import export_for_web
from helpers import ROOT, contents
from terrarium import locks
from terrarium.errors import BadInput
from terrarium.web import publish
from terrarium.web.exported_run import RESERVED

import pytest

FIXTURES = ROOT.parent / "shared" / "cases" / "fixtures"


def written(version, folder="runs/tale", **more):
    """write(folder), which makes a small export; each of its files says which version it is."""

    def write(new):
        for file in ("weights/000000.bin", "steps/000000.json"):
            publish.write_bytes(new / file, version.encode())
        publish.write_json(
            new / "manifest.json",
            dict(
                format=publish.FORMAT,
                name=new.name,
                folder=folder,
                version=version,
                parameters=1,
                step=2,
                finished=True,
                settings=dict(dataset="stories", steps=2),
                **more,
            ),
        )

    return write


def version_of(place):
    """The version of an export, all of whose files have to belong to it."""
    version = json.loads((place / "manifest.json").read_text())["version"]
    assert contents(place).keys() == {"manifest.json", "weights/000000.bin", "steps/000000.json"}
    for file in ("weights/000000.bin", "steps/000000.json"):
        assert (place / file).read_text() == version
    return version


def listed(site):
    return [run["name"] for run in json.loads((site / "exported/index.json").read_text())["runs"]]


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """A small folder of pages; the disk does not have to be waited for."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    folder = tmp_path / "pages"
    for name in ("index.html", "engine/gpt.js", "styles/page.css"):
        publish.write_bytes(folder / name, b"Terrarium " + name.encode())
    publish.write_bytes(folder / "exported" / "mine.json", b"stays here")
    return folder


@pytest.fixture
def site(tmp_path):
    return tmp_path / "site"


# Somebody's files -------------------------------------------------------------------------------


def a_page_of_theirs(site):
    (site / "index.html").write_text("<h1>My wedding</h1>")


def a_note(site):
    (site / "notes.txt").write_text("mine")


def a_folder_of_photos(site):
    (site / "photos").mkdir()
    (site / "photos" / "1.jpg").write_bytes(b"jpg")


def a_hidden_file(site):
    (site / ".env").write_text("KEY=1")


def an_exported_folder_of_another_program(site):
    (site / "exported").mkdir()
    (site / "exported" / "index.json").write_text('{"pages": []}')


def a_repository(site):
    (site / ".git").mkdir()
    (site / ".git" / "HEAD").write_text("ref")


def a_damaged_mark(site):
    (site / publish.MARKER).write_text("[")


@pytest.mark.parametrize(
    "put",
    [
        a_page_of_theirs,
        a_note,
        a_folder_of_photos,
        a_hidden_file,
        a_repository,
        a_damaged_mark,
        an_exported_folder_of_another_program,
    ],
)
def test_a_folder_that_holds_something_else_is_refused_and_stays_as_it_was(site, pages, put):
    site.mkdir()
    put(site)
    before = contents(site)
    with pytest.raises(BadInput, match="is not empty"):
        publish.check_site(site, pages)
    assert contents(site) == before


def test_the_command_refuses_somebody_elses_folder_before_it_reads_a_run(
    folder, monkeypatch, capsys
):
    Path("public").mkdir()
    Path("public/index.html").write_text("mine")
    monkeypatch.setattr(sys, "argv", ["export_for_web.py", "--out", "public"])
    with pytest.raises(BadInput, match="--out"):
        export_for_web.main()
    assert contents(Path()) == {"public/index.html": b"mine"}


@pytest.mark.parametrize("litter", [[], [".DS_Store"], ["desktop.ini", "Thumbs.db"]])
def test_an_empty_folder_becomes_a_site(site, pages, litter):
    site.mkdir()
    for name in litter:
        (site / name).write_text("")
    publish.check_site(site, pages)
    publish.publish(site, "tale", written("1"), pages)
    assert contents(site).keys() == {
        *litter,
        publish.MARKER,
        "index.html",
        "engine/gpt.js",
        "styles/page.css",
        "exported/index.json",
        "exported/tale/manifest.json",
        "exported/tale/weights/000000.bin",
        "exported/tale/steps/000000.json",
    }
    assert listed(site) == ["tale"]


def test_a_site_of_ours_is_exported_into_again_beside_what_somebody_added(site, pages):
    publish.publish(site, "tale", written("1"), pages)
    (site / "notes.txt").write_text("mine")
    (site / "engine" / "extra.js").write_text("mine")
    publish.write_bytes(pages / "index.html", b"Terrarium 2")
    publish.write_bytes(pages / "lessons" / "1.html", b"Terrarium 2")
    publish.check_site(site, pages)
    publish.publish(site, "other", written("2"), pages)
    assert listed(site) == ["other", "tale"]
    assert (site / "index.html").read_bytes() == b"Terrarium 2"
    assert (site / "lessons/1.html").exists()
    assert (site / "notes.txt").read_text() == (site / "engine/extra.js").read_text() == "mine"


def test_a_page_that_somebody_changed_is_not_replaced(site, pages):
    publish.publish(site, "tale", written("1"), pages)
    (site / "index.html").write_text("my own words")
    with pytest.raises(BadInput, match="index.html is not as export_for_web.py wrote it"):
        publish.check_site(site, pages)
    (site / "index.html").write_bytes((pages / "index.html").read_bytes())
    publish.check_site(site, pages)


def test_a_page_of_somebodys_that_a_later_version_brings_along_is_not_replaced(site, pages):
    publish.publish(site, "tale", written("1"), pages)
    (site / "lab.html").write_text("mine")
    publish.write_bytes(pages / "lab.html", b"Terrarium")
    with pytest.raises(BadInput, match="lab.html"):
        publish.check_site(site, pages)


def test_line_ends_that_git_has_changed_are_no_change(site, pages):
    publish.write_bytes(pages / "index.html", b"Terrarium\none\n")
    publish.publish(site, "tale", written("1"), pages)
    (site / "index.html").write_bytes(b"Terrarium\r\none\r\n")
    publish.write_bytes(pages / "index.html", b"Terrarium\ntwo\n")
    publish.check_site(site, pages)


def test_a_site_of_an_earlier_version_is_ours_without_a_mark(site, pages):
    publish.publish(site, "tale", written("1"), pages)
    (site / publish.MARKER).unlink()
    publish.write_bytes(pages / "index.html", b"Terrarium 2")
    publish.write_bytes(pages / "engine/gpt.js", b"2")
    publish.check_site(site, pages)
    (site / "index.html").write_text("<h1>My wedding</h1>")
    with pytest.raises(BadInput, match="index.html"):
        publish.check_site(site, pages)


def test_the_site_of_another_copy_of_terrarium_is_not_written_over(tmp_path, pages):
    other = tmp_path / "copy" / "site"
    shutil.copytree(pages, other)
    (other.parent / "export_for_web.py").write_text("")
    publish.write_json(other / "exported" / "index.json", dict(format=1, runs=[]))
    with pytest.raises(BadInput, match="another copy"):
        publish.check_site(other, pages)


@pytest.mark.parametrize("stranger", ["notes.txt", "steps/notes.json", "weights/0.pt", "my/a.json"])
def test_what_somebody_keeps_in_an_export_is_not_deleted_with_it(site, pages, stranger):
    place = publish.publish(site, "tale", written("1"), pages)
    (place / stranger).parent.mkdir(exist_ok=True)
    (place / stranger).write_text("mine")
    before = contents(site)
    with pytest.raises(BadInput, match=stranger.split("/")[0]):
        publish.publish(site, "tale", written("2"), pages)
    assert contents(site) == before


def test_a_damaged_export_is_replaced(site, pages):
    place = publish.publish(site, "tale", written("1"), pages)
    (place / "manifest.json").write_text("{")
    (place / "steps" / "000000.json.part").write_text("half")
    publish.publish(site, "tale", written("2"), pages)
    assert version_of(place) == "2"


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "weights/a.bin",
        "steps/1.html",
        "evil.js",
        "weights/１.bin",
        "manifest.JSON",
        "heads/manifest.json",
    ],
)
def test_an_export_has_no_file_that_no_page_asks_for(site, pages, name):
    def write(folder):
        written("1")(folder)
        publish.write_bytes(folder / name, b"")

    with pytest.raises(BadInput):
        publish.publish(site, "tale", write, pages)
    assert not site.exists()


@pytest.mark.parametrize("out, says", [("x" * 300, "longer name"), ("loop", "link")])
def test_a_folder_that_cannot_be_is_refused_in_a_sentence(folder, monkeypatch, out, says):
    Path("loop").symlink_to("loop")
    monkeypatch.setattr(sys, "argv", ["export_for_web.py", "--out", out])
    with pytest.raises(BadInput, match=says):
        export_for_web.main()
    assert [path.name for path in Path().iterdir()] == ["loop"]


def test_what_a_damaged_manifest_says_does_no_harm():
    now = dict(settings=dict(seed=1), corpus={})
    for settings in ([1], "x", None, 5, {"seed": []}):
        assert "seed" in export_for_web.differences(dict(settings=settings), now)


# Links ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "exported",
        "exported/tale",
        "exported/index.json",
        "exported/.lock",
        "index.html",
        "engine",
        "engine/gpt.js",
        publish.MARKER,
        publish.MARKER + ".part",
        "exported/tale/steps",
        "exported/tale/manifest.json",
    ],
)
def test_nothing_is_written_through_a_link(site, pages, tmp_path, name):
    publish.publish(site, "tale", written("1"), pages)
    elsewhere = tmp_path / "elsewhere"
    place = site / name
    if place.exists():
        os.rename(place, elsewhere)
    else:
        elsewhere.write_text("precious")
    place.symlink_to(elsewhere)
    before = contents(elsewhere) if elsewhere.is_dir() else elsewhere.read_bytes()
    publish.write_bytes(pages / "engine/gpt.js", b"2")
    with pytest.raises(BadInput, match="link|not from an export"):
        publish.check_site(site, pages)
        publish.publish(site, "tale", written("2"), pages)
    assert place.is_symlink()
    assert (contents(elsewhere) if elsewhere.is_dir() else elsewhere.read_bytes()) == before


def test_a_folder_that_is_a_link_to_nothing_is_refused(site, pages, tmp_path):
    site.symlink_to(tmp_path / "gone")
    with pytest.raises(BadInput, match="link to nothing"):
        publish.check_site(site, pages)


def test_a_linked_run_is_not_listed(site, pages, tmp_path):
    other = publish.publish(tmp_path / "other", "theirs", written("1"), pages)
    publish.publish(site, "tale", written("1"), pages)
    (site / "exported" / "theirs").symlink_to(other)
    publish.publish(site, "tale", written("2"), pages)
    assert listed(site) == ["tale"]


# Killed at any instant --------------------------------------------------------------------------


class Killed(BaseException):
    """What ends this process: nothing that would tidy up runs after it."""


CHANGES = ("replace", "rename", "mkdir", "rmdir", "unlink", "remove", "open", "fsync")


@contextlib.contextmanager
def killed_at(n):
    """Let n changes of the disk happen, and none after them. Yields what says how many did."""
    count = [0]

    def counted(change):
        def changed(*words, **names):
            if count[0] >= n:
                raise Killed
            count[0] += 1
            return change(*words, **names)

        return changed

    with pytest.MonkeyPatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, counted(getattr(os, name)))
        writes, opened = counted(builtins.open), builtins.open
        patch.setattr(
            builtins,
            "open",
            lambda file, mode="r", *rest, **names: (writes if "w" in mode else opened)(
                file, mode, *rest, **names
            ),
        )
        patch.setattr(shutil, "rmtree", counted(shutil.rmtree))
        yield count


def changes_of(work):
    with killed_at(10**9) as count:
        work()
    return count[0]


def kill(work, n):
    with killed_at(n), contextlib.suppress(Killed):
        work()


@pytest.mark.parametrize("first", [False, True])
def test_an_export_that_is_killed_at_any_instant_leaves_the_old_or_the_new_one(
    tmp_path, pages, first
):
    def start(n):
        site = tmp_path / str(n) / "site"
        if not first:
            shutil.copytree(tmp_path / "old", site)
        return site

    publish.publish(tmp_path / "old", "tale", written("old"), pages)
    publish.write_bytes(pages / "lab.html", b"Terrarium")  # new in the second version
    publish.write_bytes(pages / "index.html", b"Terrarium 2")
    some = start("count")
    total = changes_of(lambda: publish.publish(some, "tale", written("new"), pages))
    assert total > 40
    for n in range(total):
        site = start(n)
        kill(lambda site=site: publish.publish(site, "tale", written("new"), pages), n)
        publish.recover(site)
        place = site / "exported" / "tale"
        if place.exists() or not first:
            assert version_of(place) in ("old", "new")
        assert not list(site.glob("exported/.*"))
        if (site / "exported/index.json").exists():
            assert listed(site) == ["tale"]
        publish.check_site(site, pages)
        if n % 4 == 0:  # of the states above, so that it does not take long
            publish.publish(site, "other", written("2", "runs/other"), pages)
            assert listed(site) == (["other", "tale"] if place.exists() else ["other"])
            assert (site / "lab.html").exists()


def test_a_start_that_is_killed_while_it_puts_a_run_back_loses_nothing_either(tmp_path, pages):
    def between_the_renames(name):
        site = tmp_path / name
        place = publish.publish(site, "tale", written("old"), pages)
        staging = site / "exported" / ".new-x"
        (staging / "old").mkdir(parents=True)
        os.rename(place, staging / "old" / "tale")
        return site

    some = between_the_renames("some")
    for n in range(changes_of(lambda: publish.recover(some))):
        site = between_the_renames(str(n))
        kill(lambda site=site: publish.recover(site), n)
        publish.recover(site)
        assert version_of(site / "exported" / "tale") == "old"


def test_a_run_that_an_earlier_version_left_between_its_renames_is_put_back(site, pages):
    place = publish.publish(site, "tale", written("old"), pages)
    staging = site / "exported" / ".new-x"
    staging.mkdir()
    os.rename(place, staging / "old")
    shutil.copytree(staging / "old", staging / "new")
    publish.recover(site)
    assert version_of(place) == "old" and not staging.exists()


@pytest.mark.parametrize(
    "error", [PermissionError(errno.EACCES, "Access is denied"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("first", [False, True])
def test_an_export_of_which_any_rename_fails_leaves_everything_as_it_was(
    site, pages, monkeypatch, error, first
):
    monkeypatch.setattr("terrarium.files.PATIENCE", 0)
    if not first:
        publish.publish(site, "tale", written("old"), pages)
        publish.write_bytes(pages / "index.html", b"Terrarium 2")
        publish.write_bytes(pages / "lab.html", b"Terrarium 2")
    before, replace = contents(site), os.replace

    def fails(n):
        left = [n]

        def failing(old, new):
            left[0] -= 1
            if left[0] == -1:
                raise error
            replace(old, new)

        monkeypatch.setattr(os, "replace", failing)
        try:
            publish.publish(site, "tale", written("new"), pages)
        except (BadInput, KeyboardInterrupt) as caught:
            return str(caught) or "stopped"

    renames = 0
    while said := fails(renames):
        renames += 1
        assert ".new-" not in said and "resume" not in said
        assert contents(site) == before and site.exists() is not first
        assert not list(site.glob("exported/.*"))
    assert renames > 10 and version_of(site / "exported" / "tale") == "new"


@pytest.mark.parametrize(
    "number, says",
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "only be read"),
        (errno.EACCES, "protected"),
        (errno.ENAMETOOLONG, "longer name"),
        (errno.EIO, "damaged"),
        (errno.EMFILE, "too many"),
        (errno.ENOENT, "not there"),
        (errno.ENOTDIR, "is a file"),
        (None, "OSError"),
    ],
)
def test_each_refusal_of_the_system_has_its_sentence(site, pages, number, says):
    def write(folder):
        raise OSError(number, number and os.strerror(number), str(folder / "manifest.json"))

    with pytest.raises(BadInput, match=says) as caught:
        publish.publish(site, "tale", write, pages)
    said = str(caught.value)
    assert str(site / "exported" / "tale") in said and "xport again" in said
    assert "resume" not in said and ".new-" not in said and not site.exists()


def test_a_full_disk_is_named_and_the_old_export_stays(site, pages, monkeypatch):
    def full(folder):
        written("new")(folder)
        raise OSError(errno.ENOSPC, "No space left on device")

    publish.publish(site, "tale", written("old"), pages)
    before = contents(site)
    with pytest.raises(BadInput, match="tale could not be written.* disk is full. Make room"):
        publish.publish(site, "tale", full, pages)
    assert contents(site) == before


def test_a_file_of_the_run_that_fails_is_not_blamed_on_the_site(site, pages):
    def write(folder):
        open("/nowhere/train.py")

    with pytest.raises(FileNotFoundError):
        publish.publish(site, "tale", write, pages)
    assert not site.exists()


# Two at once ------------------------------------------------------------------------------------


def together(*works):
    """Run several works at once; whatever one of them raises is raised here."""
    errors = []

    def guarded(work):
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        raise error


def test_exports_of_several_runs_at_once_are_all_listed(site, pages):
    names = [f"run-{i}" for i in range(6)]
    together(
        *(
            lambda name=name: publish.publish(site, name, written(name, f"runs/{name}"), pages)
            for name in names
        )
    )
    assert listed(site) == names
    assert [version_of(site / "exported" / name) for name in names] == names
    assert not list(site.glob("exported/.*"))
    publish.check_site(site, pages)


def test_exports_of_one_run_at_once_leave_one_of_them(site, pages):
    for _ in range(3):
        together(
            *(lambda i=i: publish.publish(site, "tale", written(str(i)), pages) for i in range(6))
        )
        assert version_of(site / "exported" / "tale") in "012345"
        assert listed(site) == ["tale"] and not list(site.glob("exported/.*"))


def test_an_export_looks_at_its_place_only_when_no_other_export_changes_it(site, pages):
    publish.publish(site, "tale", written("1"), pages)
    place, aside = site / "exported" / "tale", site / "aside"
    begun = threading.Event()

    def swap():
        with locks.locked(site / "exported" / ".lock"):
            os.replace(place, aside)
            place.write_text("for a moment")
            begun.set()
            time.sleep(0.5)
            place.unlink()
            os.replace(aside, place)

    def export():
        begun.wait(30)
        publish.publish(site, "tale", written("2"), pages)

    together(swap, export)
    assert version_of(place) == "2"


def test_an_export_that_fails_leaves_the_site_to_the_one_beside_it(site, pages):
    begun, over = threading.Event(), threading.Event()

    def fail(folder):
        begun.set()
        over.wait(30)
        raise BadInput("no")

    def good():
        begun.wait(30)
        publish.publish(site, "tale", written("1"), pages)
        over.set()

    with pytest.raises(BadInput, match="no"):
        together(lambda: publish.publish(site, "bad", fail, pages), good)
    assert listed(site) == ["tale"] and (site / "index.html").exists()
    publish.check_site(site, pages)
    publish.publish(site, "tale", written("2"), pages)


def test_an_export_that_is_going_on_is_not_taken_for_one_that_was_killed(site, pages):
    def write(folder):
        publish.recover(site)
        publish.publish(site, "other", written("1", "runs/other"), pages)
        os.utime(folder.parent.parent, (0, 0))  # however long it takes
        publish.recover(site)
        written("2")(folder)

    publish.publish(site, "tale", write, pages)
    assert listed(site) == ["other", "tale"]


# Names ------------------------------------------------------------------------------------------


def name_of(folder, site):
    return export_for_web.free_name(Path(folder), site / "exported")


NAMES = [
    "我的小说",
    "三国演义",
    "رواية",
    "историja",
    "🐌",
    "🐌🐌",
    "größe",
    "grösse",
    "-",
    "!",
    "con",
    "NUL",
    "CON",
    "Run",
    "run",
    "my novel",
    "my-novel",
    "my novel ",
    "my_novel",
    "x" * 90,
    "x" * 91,
    "小说 2",
    "小説 2",
    "com1",
    "run-",
    "%41",
]


def test_runs_of_different_names_never_get_the_same_address(site, pages):
    given = {}
    for real in NAMES:
        name = name_of(f"runs/{real}", site)
        assert publish.NAME.fullmatch(name) and name.casefold() not in RESERVED
        publish.publish(site, name, written(real, f"runs/{real}"), pages)
        given[real] = name
    assert len({name.casefold() for name in given.values()}) == len(NAMES)
    assert given["run"] != "run" or given["Run"] != "Run"
    for real, name in given.items():  # and each of them finds its own again
        assert name_of(f"runs/{real}", site) == name
        assert version_of(site / "exported" / name) == real


def test_a_run_that_was_exported_by_an_earlier_version_keeps_its_address(site, pages):
    publish.publish(site, "tale", written("1", None), pages)
    assert name_of("runs/tale", site) == "tale"


def test_half_characters_in_settings_are_written_so_that_a_page_can_read_them(tmp_path):
    publish.write_json(tmp_path / "a.json", ["runs/\udcff", "é"])
    assert json.loads((tmp_path / "a.json").read_bytes().decode()) == ["runs/\udcff", "é"]


def test_a_number_that_no_browser_reads_is_never_written(tmp_path):
    with pytest.raises(ValueError):
        publish.write_json(tmp_path / "a.json", [math.nan])
    assert contents(tmp_path) == {}
