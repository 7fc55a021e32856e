"""Where an export gets its place in a site: completely or not at all, and beside what is not ours.

site/exported/.new-x/     an export that is being made ("staging"); removed at the end
    lock                  held for as long as its process lives
    new/<name>/           what will become exported/<name>
    old/<name>/           what was there before, while the two are swapped
    pages/                pages of the site that are new or differ
site/exported/.lock       held while things get their places: a moment
site/.terrarium-site.lock     held while the next file is written for the first time
site/terrarium-site.json  says that this folder is ours, and what the pages in it were
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from functools import partial
from pathlib import Path

from terrarium.errors import BadInput, os_error_sentence
from terrarium.files import atomic_write, is_link, patiently
from terrarium.locks import locked, try_lock

FORMAT = 3  # of the exported files; a page refuses any other
MARKER = "terrarium-site.json"
MARKER_LOCK = ".terrarium-site.lock"
STAGING = ".new-"
NAME = re.compile("[A-Za-z0-9_][A-Za-z0-9_-]*")  # of a run, in addresses

# Every file that an export may consist of.
PARTS = (
    "manifest",
    "log",
    "samples",
    "check",
    "heads",
    "neurons",
    "embeddings",
    "update",
    "weight_paths",
    "code",
    "copied",
    "guesses",
    "training_text",
    "training_slice",
    "corpus",
)
FILE = re.compile(
    rf"({'|'.join(PARTS)})\.json|steps/\d+(-\d+)?\.json|logits/\d+\.json|weights/\d+\.bin", re.ASCII
)

# What exports of earlier versions consist of besides, and a new one replaces.
EARLIER = ("film.json",)

# What systems put into every folder that somebody looks at.
LITTER = (".DS_Store", "desktop.ini", "Thumbs.db")


# The one way in ---------------------------------------------------------------------------------


def publish(site, name, write, pages=None):
    """Have write(folder) make an export, and put it into its place: site/exported/<name>.

    pages: the folder whose pages come along; None if they are in the site already. If anything
    fails, the site is as it was before; if this process is killed, the next one puts back what is
    missing. Returns the folder. Raises BadInput.
    """
    exported = site / "exported"
    place = exported / name
    with explained(site, place), contextlib.ExitStack() as undo:
        claim(site, undo, pages)
        with staging_folder(place) as staging:
            new = staging / "new" / name
            new.mkdir(parents=True)
            write(new)
            check_names(new)
            for folder in (new, *filter(Path.is_dir, new.rglob("*"))):
                sync(folder)
            with locked(exported / ".lock"):
                check_place(place)  # a stranger's file may have come in the meantime
                install(site, staging, name, pages)
        undo.pop_all()
    return place


def install(site, staging, name, pages):
    """Move everything from the staging folder into its place; if one move fails, undo them all."""
    exported = site / "exported"
    moves = stage_pages(site, pages, staging / "pages") if pages else []
    index = staging / "index.json"
    write_index(index, exported, name, staging / "new" / name)
    with contextlib.ExitStack() as undo:
        for new, place in moves:
            make_folders(place.parent, undo)
            replace_file(new, place, undo)
        replace_directory(staging / "new" / name, exported / name, staging / "old" / name, undo)
        replace_file(index, exported / "index.json", undo)
        sync(exported)
        undo.pop_all()


def replace_file(new, place, undo):
    """Give a file its place; undo takes it back."""
    before = new.with_name(new.name + ".before")
    if place.exists():
        shutil.copy2(place, before)
    undo.callback(put_back_file, before, place)
    patiently(lambda: os.replace(new, place))


def put_back_file(before, place):
    if before.exists():
        os.replace(before, place)
    else:
        place.unlink(missing_ok=True)


def replace_directory(new, place, old, undo):
    """Give a folder its place, and put what was there before aside; undo swaps them back.

    Between the two renames there is no folder of that name. Whoever is killed there leaves the old
    one in staging, and the next start puts it back (put_back).
    """
    old.parent.mkdir(exist_ok=True)
    undo.callback(put_back_directory, new, place, old)
    if place.exists():
        patiently(lambda: os.replace(place, old))
    patiently(lambda: os.replace(new, place))


def put_back_directory(new, place, old):
    if not new.exists() and place.exists():
        patiently(lambda: os.replace(place, new))
    if old.exists():
        patiently(lambda: os.replace(old, place))


# Staging, and what is left of it when somebody is killed ----------------------------------------


@contextlib.contextmanager
def staging_folder(place):
    """A folder for an export that is being made, locked as long as this process lives. Raises
    BadInput, before anything is computed, if place holds what is not from an export."""
    exported = place.parent
    with contextlib.ExitStack() as end:
        with locked(exported / ".lock"):  # or another export swaps what is looked at here
            put_back(exported)
            check_place(place)
            staging = Path(tempfile.mkdtemp(dir=exported, prefix=STAGING))
            end.callback(remove_staging, staging)
            end.callback(try_lock(staging / "lock"))  # what gives it back
        yield staging


def recover(site):
    """Put back a run whose export was killed while it was replaced. Raises BadInput."""
    exported = site / "exported"
    if any(exported.glob(STAGING + "*")) or (exported / ".lock").exists():
        with explained(site), locked(exported / ".lock"):
            put_back(exported)


def put_back(exported):
    """Do away with staging folders whose process is gone, after putting back what only they have.
    Somebody who calls this holds exported/.lock."""
    for staging in sorted(exported.glob(STAGING + "*")):
        if is_link(staging) or not staging.is_dir():
            continue
        try:
            release = try_lock(staging / "lock")
        except OSError:  # another person's, on a disk that several people share
            continue
        if release:
            release()
            remove_staging(staging)


def remove_staging(staging):
    """Remove a staging folder; a run that is nowhere else goes back to its place first."""
    for old, name in replaced_runs(staging):
        place = staging.parent / name
        if not place.exists():
            patiently(lambda old=old, place=place: os.replace(old, place))
    shutil.rmtree(staging, ignore_errors=True)


def replaced_runs(staging):
    """[(folder, name)] of the runs that were put aside."""
    old = staging / "old"
    if (old / "manifest.json").is_file():  # by an earlier version, which has the name in there only
        name = read_manifest(old).get("name")
        return [(old, name)] if isinstance(name, str) and NAME.fullmatch(name) else []
    return [(path, path.name) for path in sorted(old.glob("*")) if path.is_dir()]


def sync(folder):
    """Have the names in a folder on the disk before going on. Windows has no such call."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# Whose folder it is -----------------------------------------------------------------------------


def check_site(site, pages=None):
    """Raise BadInput for a folder that is neither empty nor a site of ours, for pages in it that
    somebody has changed, and for links. Writes nothing."""
    with explained(site):
        if is_link(site) and not site.exists():
            raise BadInput(f"{site} is a link to nothing: choose another --out.")
        if pages:
            check_is_ours(site)
            for name, page in pages_of(pages):
                check_page(site, name, page)
        check_no_links(
            site, MARKER, f"{MARKER}.part", MARKER_LOCK, "exported/index.json", "exported/.lock"
        )
        if (site / "exported").exists() and not (site / "exported").is_dir():
            raise BadInput(f"{site / 'exported'} is a file: move it, or choose another --out.")


def check_is_ours(site):
    nothing = {*LITTER, MARKER_LOCK, f"{MARKER}.part"}  # of an export that was killed at once
    if not site.exists() or not set(os.listdir(site)) - nothing:
        return
    if read_marker(site) is None and not lists_runs(site):
        raise BadInput(
            f"{site} is not empty, and no site that export_for_web.py has made: name a "
            "new folder (--out my_site), or empty this one. Nothing was written."
        )
    house = site.resolve().parent
    if (
        read_marker(site) is None
        and site.resolve() == house / "site"
        and (house / "export_for_web.py").exists()
    ):
        raise BadInput(
            f"{site} holds the pages of another copy of Terrarium: call the "
            f"export_for_web.py in {house} without --out, or choose another --out."
        )


def lists_runs(site):
    """Has a folder the list of runs that every site of ours has, also one of an earlier version?"""
    index = read_json(site / "exported" / "index.json")
    return isinstance(index, dict) and "format" in index and isinstance(index.get("runs"), list)


def check_page(site, name, page):
    """Raise BadInput if a page in the site is somebody else's, or was changed by hand."""
    place = site / name
    check_no_links(site, name)
    for folder in (folder for folder in place.parents if site in folder.parents):
        if folder.exists() and not folder.is_dir():
            raise BadInput(f"{folder} is a file where the site has a folder: move it.")
    if not place.exists():
        return
    if not place.is_file():
        raise BadInput(f"{place} is a folder where the site has a file: move it.")
    found = place.read_bytes()
    if same_text(found) == same_text(page.read_bytes()) or is_ours(site, name, found):
        return
    raise BadInput(
        f"{place} is not as export_for_web.py wrote it: move your version somewhere "
        "else, or choose another --out. Nothing was written."
    )


def is_ours(site, name, found):
    """Did an export write what was found as this page?"""
    marker = read_marker(site)
    if marker is not None:
        return same_text(found) in marker.get(name, [])
    # A site of an earlier version says nothing about its pages; those name what they belong to.
    earlier = (site / "engine" / "gpt.js").is_file()
    return earlier and (not name.endswith(".html") or b"Terrarium" in found)


def same_text(content):
    """The hash of a file, the same when git has given its lines the ends of Windows."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def check_place(place):
    """Raise BadInput if exported/<name> holds anything that no export has put there."""
    check_no_links(place.parent, place.name)
    if place.exists() and not place.is_dir():
        raise BadInput(f"{place} is a file: move it, and export again.")
    strangers = [path for path in sorted(place.rglob("*")) if not belongs(path, place)]
    if strangers:
        raise BadInput(
            f"{strangers[0]} is not from an export, and would be lost: move it "
            "somewhere else, and export again."
        )


def belongs(path, place):
    name = path.relative_to(place).as_posix()
    if path.name in LITTER or name in ("steps", "logits", "weights", *EARLIER):
        return not is_link(path)
    # A write that was killed in an earlier version leaves a .part
    return bool(FILE.fullmatch(name.removesuffix(".part"))) and not is_link(path)


def check_names(folder):
    """Raise BadInput if an export has a file that no page knows."""
    for path in folder.rglob("*"):
        if not belongs(path, folder):
            raise BadInput(f"An export has no file {path.relative_to(folder).as_posix()}.")


def check_no_links(folder, *names):
    """Raise BadInput if anything on the way from a folder to these files is a symbolic link."""
    for name in names:
        path = folder
        for part in name.split("/"):
            path = path / part
            if is_link(path):
                raise BadInput(
                    f"{path} is a link, and what it leads to would be changed: remove "
                    "the link, or choose another --out."
                )


# The folders and pages of a site ----------------------------------------------------------------


def claim(site, undo, pages):
    """Make the folders of a site, and the file that says whose it is; undo removes what is new."""
    make_folders(site, undo)
    marker = site / MARKER
    if pages and not lists_runs(site):
        with locked(site / MARKER_LOCK):  # two first exports would write the same .part
            if not marker.exists():
                undo.callback(remove_marker, site)
                write_json(marker, marker_of({}))
    make_folders(site / "exported", undo)


def remove_marker(site):
    if not (site / "exported").exists():  # unless another export has begun here in the meantime
        (site / MARKER).unlink(missing_ok=True)


def make_folders(folder, undo):
    """Make a folder and those above it; undo removes the new ones, if nothing is in them."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        with contextlib.suppress(FileExistsError):  # made by another export just now
            path.mkdir()
            undo.callback(remove_if_empty, path)


def remove_if_empty(folder):
    with contextlib.suppress(OSError):
        folder.rmdir()


def stage_pages(site, pages, staging):
    """[(file, place)]: the pages that the site lacks or has in another version, and the marker,
    which comes first: it knows both versions of a page, whatever happens after it."""
    known, moves = read_marker(site) or {}, []
    hashes = {}
    for name, page in pages_of(pages):
        content, place = page.read_bytes(), site / name
        before = same_text(place.read_bytes()) if place.exists() else None
        hashes[name] = sorted({same_text(content), before, *known.get(name, [])} - {None})
        if before is None or content != place.read_bytes():
            write_bytes(staging / name, content)
            moves.append((staging / name, place))
    write_json(staging / MARKER, marker_of(hashes))
    return [(staging / MARKER, site / MARKER), *moves]


def pages_of(folder):
    """[(name, file)] of all pages, styles and scripts of the site, without exports."""
    found = ((path.relative_to(folder), path) for path in sorted(folder.rglob("*")))
    return [
        (name.as_posix(), path)
        for name, path in found
        if path.is_file()
        and "__pycache__" not in name.parts
        and name.parts[0] not in ("exported", MARKER)
        and not any(part.startswith(".") for part in name.parts)
    ]


def marker_of(pages):
    return dict(
        about="export_for_web.py has made this folder, and replaces only the pages whose "
        "SHA-256 stands here.",
        format=FORMAT,
        pages=pages,
    )


def read_marker(site):
    """{page: [hashes of what exports wrote]}; None if there is no marker."""
    marker = read_json(site / MARKER)
    pages = marker.get("pages") if isinstance(marker, dict) else None
    if not isinstance(pages, dict):
        return None
    return {
        name: [one for one in hashes if isinstance(one, str)]
        for name, hashes in pages.items()
        if isinstance(hashes, list)
    }


# What is in an export ---------------------------------------------------------------------------


def read_manifest(folder):
    """The manifest of an export; {} if there is none that can be read, or of another format."""
    found = read_json(folder / "manifest.json")
    return found if isinstance(found, dict) and found.get("format") == FORMAT else {}


def read_json(path):
    """What a file holds that may be missing, damaged or a stranger's; None if it cannot be read."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def write_index(path, exported, name, folder):
    """index.json: the runs that a page can choose from. The one that is coming, which is still in
    another folder, is the one that pages show first."""
    folders = {
        folder.name: folder
        for folder in exported.glob("[!.]*")
        if folder.is_dir() and not is_link(folder)
    } | {name: folder}
    entries = [index_entry(other, folders[other]) for other in sorted(folders)]
    runs = [entry for entry in entries if entry]
    write_json(path, dict(format=FORMAT, latest=name, runs=runs))


def index_entry(name, folder):
    """What the list of runs says about one of them; None for what is no export."""
    about = read_manifest(folder)
    settings = about.get("settings")
    try:
        return dict(
            name=name,
            parameters=about["parameters"],
            step=about["step"],
            finished=about["finished"],
            dataset=settings["dataset"],
            total_steps=settings["steps"],
        )
    except (KeyError, TypeError):
        return None


def write_json(path, content):
    """Write what any browser can read. Raises ValueError for a number that none can."""
    write_bytes(path, json_bytes(content))


def json_bytes(content):
    compact = partial(json.dumps, content, separators=(",", ":"), allow_nan=False)
    try:
        return compact(ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a character, such as in a file's name that is no UTF-8
        return compact().encode()


def write_bytes(path, content):
    with atomic_write(path) as file:
        file.write(content)


# What went wrong --------------------------------------------------------------------------------


@contextlib.contextmanager
def explained(site, place=None):
    """Turn what the system refuses to write into a site into BadInput that says what to do."""
    try:
        yield
    except BrokenPipeError:  # nobody reads what is printed: that is no fault of the disk
        raise
    except OSError as error:
        if isinstance(error.filename, str) and not concerns(error.filename, site):
            raise  # a file of the run, or of the system
        raise BadInput(explanation(error, place or site)) from error


def concerns(file, site):
    """Is a file in a site, or a folder on the way to it?"""
    file, site = Path(os.path.abspath(file)), Path(os.path.abspath(site))
    return file.is_relative_to(site) or site.is_relative_to(file)


def explanation(error, place):
    file = error.filename
    if not file or STAGING in str(file):  # of a folder that nobody has heard of
        file = place
    sentence = os_error_sentence(error, "export again", file)
    return f"{sentence} What was exported before is as it was."
