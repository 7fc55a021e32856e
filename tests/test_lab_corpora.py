"""site/app/lab-corpora.js: the texts that the page offers, and what they are."""

import json
import re
import shutil

from data import open_text
from helpers import ROOT, served
from terrarium.text import END

import pytest

LIST = """async () => {
  const { listCorpora } = await import("/app/lab-corpora.js");
  return listCorpora();
}"""
LOAD = """async (id) => {
  const { loadCorpus } = await import("/app/lab-corpora.js");
  const { describe } = await import("/app/lab-text.js");
  const corpus = await loadCorpus(id);
  const { documents, warnings } = await describe(corpus.text);
  return { ...corpus, documents, warnings };
}"""
SLICE = """async ([documents, most]) => {
  const { sliceOf } = await import("/app/lab-corpora.js");
  return sliceOf(documents, most);
}"""


@pytest.fixture
def page_of(browser):
    """page_of(address): a page of a site that can import its modules."""
    opened = []

    def open_page(address):
        page = browser.new_page()
        page.goto(f"{address}/lab/rhymes.txt")
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        page.close()


def test_every_text_that_is_offered_can_be_loaded_and_learned_from(page_of, tale_export):
    with served(tale_export.parent.parent) as address:
        page = page_of(address)
        choices = page.evaluate(LIST)
        assert [one["id"] for one in choices] == ["rhymes", "run:tale"]
        assert choices[1]["name"] == "tale.txt"
        for choice in choices:
            corpus = page.evaluate(LOAD, choice["id"])
            assert corpus["name"] == choice["name"] and corpus["about"].endswith(".")
            assert not any(one["isProblem"] for one in corpus["warnings"])


def test_a_text_that_did_not_go_along_with_its_run_is_not_offered(page_of, family):
    with served(family) as address:
        assert [one["id"] for one in page_of(address).evaluate(LIST)] == ["rhymes"]


def test_the_shipped_stories_are_offered_with_their_ends_and_their_credit(page_of):
    with served(ROOT / "site") as address:
        page = page_of(address)
        assert [one["id"] for one in page.evaluate(LIST)] == ["rhymes", "run:stories"]
        corpus = page.evaluate(LOAD, "run:stories")
    exported = json.loads((ROOT / "site/exported/stories/training_text.json").read_text("utf-8"))
    written = corpus["text"].split(END)
    assert [one.strip() for one in written[:-1]] == exported["documents"][: len(written) - 1]
    assert 190_000 < len(corpus["text"]) < 220_000 and corpus["documents"] > 300
    assert exported["credit"] in corpus["about"]
    manifest = json.loads((ROOT / "site/exported/stories/manifest.json").read_text("utf-8"))
    assert f"{manifest['training_text']['all_characters']:,}" in corpus["about"]
    assert corpus["warnings"] == [] and len(corpus["prompts"]) == 5
    facts = manifest["corpus"]  # of all held-out text, in nats
    of_all = facts["entropy"] * facts["validation_tokens"]
    assert corpus["entropy"] * facts["validation_characters"] == pytest.approx(of_all)


FIRST = """async () => {
  const { firstCorpus } = await import("/app/lab-corpora.js");
  return firstCorpus();
}"""


def test_one_begins_with_the_text_of_a_run_if_it_is_a_long_one(page_of, tale_export):
    with served(ROOT / "site") as address:
        assert page_of(address).evaluate(FIRST) == "run:stories"
    with served(tale_export.parent.parent) as address:  # a short text
        assert page_of(address).evaluate(FIRST) == "rhymes"


def test_the_first_text_of_the_shipped_run_comes_without_the_rest_of_it(browser):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    with served(ROOT / "site") as address:
        page.goto(f"{address}/lab.html")
        page.wait_for_function(
            "() => document.querySelector('live-lab')?.lab?.state.status === 'ready'"
        )
    page.close()
    assert "training_slice.json" in asked
    assert not {"training_text.json", "rhymes.txt"} & set(asked)


def test_where_the_text_of_the_run_is_damaged_one_begins_with_the_rhymes(browser, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(ROOT / "site", site)
    (site / "exported/stories/training_slice.json").write_text("{", "utf-8")
    page = browser.new_page()
    with served(site) as address:
        page.goto(f"{address}/lab.html")
        page.wait_for_function(
            "() => document.querySelector('live-lab')?.lab?.state.status === 'ready'"
        )
        text = page.evaluate("() => document.querySelector('live-lab').lab.state.text")
    assert text["name"] == "Nursery rhymes"
    page.close()


def test_a_site_without_runs_offers_the_rhymes(page_of, tmp_path):
    for folder in ("app", "engine", "lab"):
        shutil.copytree(ROOT / "site" / folder, tmp_path / folder)
    with served(tmp_path) as address:
        page = page_of(address)
        assert [one["id"] for one in page.evaluate(LIST)] == ["rhymes"]
        assert page.evaluate(LOAD, "rhymes")["documents"] > 40


@pytest.mark.parametrize(
    "documents, most, expected",
    [
        (["so long", "and so on", "the end"], 17, f"so long\n{END}\nand so on\n{END}\n"),
        (["so long\nand so on\nthe end"], 20, "so long\nand so on\n"),
        (["so long"], 20, "so long"),
        (["a" * 30], 20, "a" * 20),
        (["so long\nand so on", "the end"], 10, "so long\n"),
    ],
)
def test_a_slice_ends_where_a_document_or_a_line_does(page_of, documents, most, expected):
    with served(ROOT / "site") as address:
        assert page_of(address).evaluate(SLICE, [documents, most]) == expected


def test_the_rhymes_are_short_documents_of_simple_words_which_train_py_reads():
    path = ROOT / "site" / "lab" / "rhymes.txt"
    corpus = open_text(path)
    rhymes = [*corpus.train, *corpus.validation]
    assert corpus.has_documents and len(rhymes) == len(set(rhymes)) >= 40
    assert 6_000 < path.stat().st_size < 11_000 and path.read_bytes().isascii()
    for rhyme in rhymes:
        lines = rhyme.split("\n")
        assert len(lines) == 4 and all(20 < len(line) < 60 and line[0].isupper() for line in lines)
    words = re.findall(r"[a-z']+", " ".join(rhymes).lower())
    assert sum(map(len, words)) / len(words) < 4.2
