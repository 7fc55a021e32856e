"""Turn a run into files that the pages in site/ show: its samples, and the weights themselves.

    python export_for_web.py                       the newest run, into site/exported/
    python export_for_web.py --serve               and open the site on this machine
    python export_for_web.py --serve --host 0.0.0.0       and for everyone in its network
    python export_for_web.py runs/stories runs/snail      several, side by side
    python export_for_web.py --steps 0 100 1000    only these steps, however many there are
    python export_for_web.py --out my_site         a whole site in another folder, to put online

A run may be finished, stopped, or still going on; export it again whenever you like. --out wants a
new folder, an empty one, or a site that this command has made: files of yours are never replaced.
What is written, and where each number comes from:

    manifest.json       settings, tokenizer, what files there are, what is missing and why
    log.json            losses by step, and losses to compare them with
    samples.json        what the five prompts became at every sample, rules followed, milestones
    steps/NNNNNN-P.json a sample of a prompt: tokens, probabilities, ten likeliest, attention
    weights/NNNNNN.bin  the weights after some steps, in 8 or 16 bits
    check.json          what the page has to compute as PyTorch does: a prompt, and a loss
    logits/NNNNNN.json  PyTorch's logits after that prompt, from the weights after some steps
    copied.json         which parts of the samples stand word for word in the training text
    guesses.json        held-out text in which to guess the next token, as counting would
    weight_paths.json   how a few single weights changed, at every snapshot
    training_text.json  the first 2 MB of that text, for the page to search: see --corpus, --no-text
    training_slice.json the first 200 KB of it, for the page to learn from
    heads.json  neurons.json  embeddings.json  update.json  code.json       see web/exporters.py
"""

import terrarium.python_check  # noqa: F401  an old Python or PyTorch gets a sentence

import argparse
import os
import unicodedata
from pathlib import Path, PurePosixPath

import train
from terrarium.console import ArgumentParser, command, duration, say
from terrarium.devices import seconds_for
from terrarium.errors import BadInput
from terrarium.main import run_command
from terrarium.settings import saved_settings
from terrarium.web.exported_run import (
    STEP_FILES,
    WEIGHTS,
    ExportedRun,
    real_name,
    web_name,
    with_hash,
)
from terrarium.web.exporters import write_all
from terrarium.web.publish import (
    check_site,
    explained,
    json_bytes,
    publish,
    read_manifest,
    recover,
)
from terrarium.web.serve import HERE, check_host, serve

SITE = Path(__file__).parent / "site"

# --------------------------------------------------------------------------------------------------
# 1. A run into a site


def export(run, site, corpus=False, text=True):
    """Write a run into site/exported/<name>, all of it or nothing. Returns its folder."""
    run.name = free_name(run.folder, site / "exported")
    pages = None if is_own(site) else SITE
    return publish(site, run.name, lambda folder: write_all(run, folder, corpus, text), pages)


def is_own(site):
    """Is this the site beside this script, which has its pages already?"""
    return os.path.realpath(site) == os.path.realpath(SITE)


def free_name(folder, exported):
    """The name of a run in addresses, and another one if the export of a different folder has it.
    Some disks do not tell capitals from small letters, so neither does this."""
    name = web_name(folder)
    for other in exported.glob("[!.]*"):
        if other.name.casefold() == name.casefold() and not is_export_of(other, folder, name):
            return with_hash(name, real_name(folder))
    return name


def is_export_of(other, folder, name):
    """Is a folder in exported/ an export of this run, or of an earlier one in its place?"""
    known = read_manifest(other).get("folder")
    if isinstance(known, str) and PurePosixPath(known).name:
        return unicodedata.normalize("NFC", PurePosixPath(known).name) == real_name(folder)
    return other.name == name


# --------------------------------------------------------------------------------------------------
# 2. The command


def main():
    args = arguments()
    site = Path(args.out)
    with explained(site):
        check_arguments(args, site)
    recover(site)
    names = []
    for folder in dict.fromkeys(map(Path, args.runs + args.named)) or [""]:
        seconds = seconds_for(lambda folder=folder: names.append(report(folder, args, site)))
        say(f"  in {duration(seconds)}")
    if args.serve:
        serve(site, args.port, names[-1], args.host)
    else:
        out = () if is_own(site) else ("--out", site)
        serve_here = command("python", "export_for_web.py", "--serve", *out)
        say(
            f"To see it: {serve_here}, or any server of files: "
            f"{command('python', '-m', 'http.server', '-d', site)}"
        )


def check_arguments(args, site):
    """Refuse what cannot work, before anything is written."""
    if blocking := [path for path in (site, *site.parents) if path.is_file()]:
        raise BadInput(f"{blocking[0]} is a file: --out needs a folder.")
    if Path(os.path.realpath(SITE)) in Path(os.path.realpath(site)).parents:
        raise BadInput(f"{site} lies in {SITE}, which is copied there: choose another --out.")
    if not 0 <= args.port < 2**16:
        raise BadInput(f"There is no port {args.port}: --port goes from 0 to 65535.")
    if args.serve:
        check_host(args.host)
    elif args.host != HERE:
        raise BadInput("--host is where the site is served: add --serve.")
    taken = {}
    for folder in args.runs + args.named:
        saved_settings(train.Settings, Path(folder))
        other = taken.setdefault(real_name(Path(folder)), folder)
        if Path(other).resolve() != Path(folder).resolve():
            raise BadInput(
                f"{other} and {folder} would both become exported/"
                f"{web_name(Path(folder))}: rename one of these folders."
            )
    check_site(site, None if is_own(site) else SITE)


def arguments():
    parser = ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        type=os.path.expanduser,
        help="folders (the newest in runs/)",
    )
    parser.add_argument(
        "--run",
        action="append",
        dest="named",
        default=[],
        metavar="RUN",
        type=os.path.expanduser,
        help="the same, as train.py prints it",
    )
    parser.add_argument("--serve", action="store_true", help="show the site on this machine")
    parser.add_argument(
        "--port", type=int, default=8000, help="port of the server (8000, or the next free one)"
    )
    parser.add_argument(
        "--host",
        default=HERE,
        help="who is served: 0.0.0.0 for everyone in its network (127.0.0.1, this machine only)",
    )
    parser.add_argument(
        "--out", default=str(SITE), type=os.path.expanduser, help="the folder of the site (site)"
    )
    parser.add_argument(
        "--weights",
        choices=("int8", "float16"),
        default="int8",
        help="number format of the weights (int8)",
    )
    parser.add_argument(
        "--steps",
        type=int,
        nargs="+",
        help="what to export (all samples, at most "
        f"{STEP_FILES}; weights up to {WEIGHTS / 1e6:.0f} MB)",
    )
    parser.add_argument(
        "--corpus",
        action="store_true",
        help="also export the training text; one of your own is left out otherwise",
    )
    parser.add_argument(
        "--no-text",
        action="store_true",
        help="leave out the training text, in which pages look for copies",
    )
    return parser.parse_args()


def report(folder, args, site):
    """Export a run and say what became of it. Returns its name in addresses."""
    run = ExportedRun(folder, args.weights, args.steps)
    before = read_manifest(site / "exported" / free_name(run.folder, site / "exported"))
    place, now = export(run, site, args.corpus, not args.no_text), run.manifest
    sizes = sizes_of(now)
    state = ("all" if now["finished"] else f"so far {now['step']:,} of") + f" {run.s.steps:,}"
    say(f"{run.folder} ({state} steps) is in {place}: {sum(sizes.values()) / 1e6:.1f} MB")
    for part, size in sorted(sizes.items(), key=lambda item: -item[1]):
        say(f"  {size / 1e6:6.2f} MB  {part}")
    say(
        f"  {len(run.exported_steps)} of {len(run.samples)} samples; weights of the steps "
        f"{', '.join(map(str, run.snapshot_steps))}"
    )
    if text := now["training_text"]:
        say(
            f"  {text['characters']:,} of {text['all_characters']:,} characters of the training "
            "text, for pages to search (--no-text leaves them out)"
        )
    for name, reason in now["missing"].items():
        say(f"  {name} is missing: {reason}")
    if others := differences(before, now):
        say(
            f"  In its place was another run of that name ({', '.join(others)} differed): rename "
            "a folder to have both."
        )
    return run.name


def sizes_of(manifest):
    """{file or folder: bytes} of an export. Its own folder may be another export's by now."""
    sizes = {
        "manifest.json": len(json_bytes(manifest)),
        "weights": manifest["weights"]["bytes"] * len(manifest["snapshots"]),
    }
    for path, file in manifest["files"].items():
        part = path.split("/")[0]
        sizes[part] = sizes.get(part, 0) + file["bytes"]
    return sizes


def differences(before, now):
    """What tells two runs from each other, by their manifests; nothing if there was none before."""
    pairs = [*now["settings"].items(), ("text", now["corpus"])]
    settings = before.get("settings")  # of a manifest that may have been damaged
    known = dict(settings if isinstance(settings, dict) else {}, text=before.get("corpus"))
    return [name for name, value in pairs if before and known.get(name) != value]


if __name__ == "__main__":
    run_command(main)
