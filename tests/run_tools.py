"""For tests that change the files of a run on purpose: how to make it look as if train.py had."""
import hashlib
import json
from pathlib import Path


def rehash(run):
    """Write hashes.jsonl anew, from the files as they are now."""
    run = Path(run)
    lines = [json.dumps(dict(file=path.relative_to(run).as_posix(),
                             sha256=hashlib.sha256(path.read_bytes()).hexdigest()))
             for path in sorted(run.rglob("*")) if path.is_file() and path.name != "hashes.jsonl"]
    (run / "hashes.jsonl").write_text("".join(line + "\n" for line in lines), "utf-8")


def rewrite(path, content):
    """Change a JSON file of a run, and its line in hashes.jsonl."""
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    rehash(next(parent for parent in path.parents if (parent / "hashes.jsonl").exists()))
