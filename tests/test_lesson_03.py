"""The lesson on embeddings: vectors, neighbours and word arithmetic are those of PyTorch, at each step."""

import json
import math
import re
import statistics

from helpers import opened
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch
import torch.nn.functional as F

LESSON = "lessons/03-embeddings.html"


def embeddings(folder, step):
    """The embeddings (V, C) that the page has of a step, as a function that PyTorch computes with."""
    model = quantize(Run(folder).at(step), "int8")[2]
    return model.token_embedding.weight.detach().double()


def shown_number(text):
    return float(text.replace("−", "-"))


def neighbours_shown(page):
    """[(token, cosine)] of the first figure."""
    rows = page.locator("token-vector tbody tr")
    return [
        (
            row.locator("th button").evaluate(
                "(one) => (one.querySelector('[aria-hidden]') ?? one).textContent.trim()"
            ),
            shown_number(row.locator(".like span").inner_text()),
        )
        for row in rows.all()
    ]


def dotted(token):
    return token.replace(" ", "·").replace("\n", "↵")


def random_cosines(V, C):
    """The mean cosines of random vectors with the nearest of V of them, the nearest first."""
    vectors = F.normalize(torch.randn(V, C, generator=torch.Generator().manual_seed(1)), dim=1)
    cosines = (vectors @ vectors.T).fill_diagonal_(-2)
    return cosines.topk(5).values.mean(0).tolist()


def test_the_dashed_lines_are_where_random_vectors_are_and_bars_end_there_before_training(
    browser, site, smoke_run
):
    run = Run(smoke_run)
    vectors = embeddings(smoke_run, run.steps[0])
    wanted = random_cosines(*vectors.shape)
    with opened(browser, f"{site.address}/{LESSON}#step=0") as page:
        lines = page.locator("token-vector .like u")
        shown = [one.evaluate("(one) => parseFloat(one.style.left) / 100") for one in lines.all()]
    assert shown == pytest.approx(wanted, abs=0.02)
    unit = F.normalize(vectors, dim=1)
    at_first = (unit @ unit.T).fill_diagonal_(-2).topk(5).values.mean(0).tolist()
    assert shown == pytest.approx(at_first, abs=0.02)


def test_the_page_opens_on_tokens_that_have_neighbours_and_offers_one_that_has_none(
    browser, site, smoke, smoke_run
):
    exported = json.loads((smoke / "embeddings.json").read_text())
    vocab = Run(smoke_run).vocab
    found = {
        dotted(vocab[i]): near[:5]
        for i, near in zip(exported["ids"], exported["neighbours"], strict=True)
    }
    with opened(browser, f"{site.address}/{LESSON}") as page:
        buttons = page.locator("token-vector .choose button")
        shown = buttons.evaluate_all(
            "(all) => all.map((one) => (one.querySelector('[aria-hidden]') ?? one).textContent)"
        )
        assert buttons.first.get_attribute("aria-pressed") == "true"
        assert page.locator("embedding-map .is-chosen").text_content() == shown[0]
    assert len(set(shown)) == 6
    *clear, alone = (found[token] for token in shown)
    likeness = [statistics.mean(cosine for _, cosine in near) for near in clear]
    assert min(near[0][1] for near in clear) > alone[0][1]
    words = [near for token, near in found.items() if re.fullmatch(r"·[^\W\d_]{2,}", token)]
    of_words = [statistics.mean(cosine for _, cosine in near) for near in words]
    assert likeness[0] > statistics.median(of_words)
    kinds = [i for near in clear for i, _ in near]
    assert len(set(kinds)) == len(kinds)


def test_no_token_has_its_name_on_the_map_twice(browser, site):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        page.locator("embedding-map .label").first.wait_for()
        named = page.evaluate(
            """() => { const figure = document.querySelector("embedding-map");
                const now = figure.data.points.at(-1).map(figure.data.scale);
                return now.map((_, i) => figure.labels(now, i, figure.near(i)).map((one) => one.i)); }"""
        )
    assert len(named) > 100
    assert all(len(set(one)) == len(one) for one in named)


@pytest.mark.parametrize("which", [0, -1])
def test_the_numbers_of_a_token_and_its_nearest_are_those_of_pytorch_at_each_step(
    browser, site, smoke_run, which
):
    run = Run(smoke_run)
    step = run.steps[which]
    vectors = embeddings(smoke_run, step)
    token = run.tokenizer.encode(" dog")[0]
    with opened(browser, f"{site.address}/{LESSON}#token={token}&step={step}") as page:
        numbers = page.locator("token-vector").get_by_role("slider")
        for i in range(3):
            said = numbers.get_attribute("aria-valuetext")
            assert shown_number(said.split()[-1]) == pytest.approx(
                vectors[token, i].item(), abs=6e-4
            )
            numbers.press("ArrowRight")
        numbers.press("End")
        said = numbers.get_attribute("aria-valuetext")
        assert shown_number(said.split()[-1]) == pytest.approx(vectors[token, -1].item(), abs=6e-4)
        cosines = F.cosine_similarity(vectors, vectors[token : token + 1])
        cosines[token] = -2
        best, ids = cosines.topk(5)
        shown = neighbours_shown(page)
        assert [one for _, one in shown] == pytest.approx(best.tolist(), abs=6e-3)
        assert [one for one, _ in shown] == [dotted(run.vocab[i]) for i in ids]


def test_a_token_is_chosen_by_typing_by_pressing_and_on_the_map_for_all_figures(
    browser, site, smoke_run
):
    run = Run(smoke_run)
    with opened(browser, f"{site.address}/{LESSON}") as page:
        field = page.locator("token-vector").get_by_label("Token", exact=True)
        field.fill("dog")
        field.press("Enter")
        dog = run.tokenizer.encode(" dog")[0]
        page.wait_for_function("(id) => location.hash.includes(`token=${id}`)", arg=dog)
        assert page.locator("embedding-map .is-chosen").text_content() == "·dog"
        field.fill("dogcatbird")
        field.press("Enter")
        page.locator("token-vector .problem", has_text="dogcatbird").wait_for()
        assert page.locator("embedding-map .is-chosen").text_content() == "·dog"
        page.locator("token-vector tbody button").first.click()
        page.wait_for_function("(id) => !location.hash.includes(`token=${id}`)", arg=dog)
        assert page.locator("token-vector .problem").text_content() == ""
        plane = page.locator("embedding-map .map")
        place = page.evaluate(
            """(id) => { const figure = document.querySelector("embedding-map");
                const { snapshot_steps: steps, points, scale, ids } = figure.data;
                const [x, y] = scale(points.at(-1)[ids.indexOf(id)]);
                return [x / 1000, y / 500]; }""",
            dog,
        )
        plane.scroll_into_view_if_needed()
        box = plane.bounding_box()
        plane.click(position=dict(x=place[0] * box["width"], y=place[1] * box["height"]))
        page.wait_for_function("(id) => location.hash.includes(`token=${id}`)", arg=dog)


def test_the_map_shows_the_points_of_the_step_and_the_way_of_the_token_up_to_it(
    browser, site, smoke, smoke_run
):
    exported = json.loads((smoke / "embeddings.json").read_text())
    steps, ids = exported["snapshot_steps"], exported["ids"]
    token = ids[3]
    places = {}
    for step in (steps[0], steps[-1]):
        with opened(browser, f"{site.address}/{LESSON}#token={token}&step={step}") as page:
            figure = page.locator("embedding-map")
            drawn = figure.locator("path.all").get_attribute("d")
            assert drawn.count("M") == len(ids)
            places[step] = [float(one) for one in re.findall(r"-?[\d.]+", drawn.replace("h0", ""))]
            way = figure.locator("path.gone").get_attribute("d")
            assert way.count("L") == steps.index(step)
            assert figure.locator("path.trail").get_attribute("d").count("L") == len(steps) - 1
            near = [i for i, _ in exported["neighbours"][3]][:5]
            assert figure.locator("path.near").get_attribute("d").count("M") == sum(
                i in ids for i in near
            )
            moved = figure.locator(".caption").inner_text()
            start, end = (exported["points"][steps.index(one)][3] for one in (steps[0], step))
            way = sum((a - b) ** 2 for a, b in zip(start, end, strict=True)) ** 0.5
            assert f"{way:.2f}" in moved
    # All steps are drawn on the same scale: what is further right at one is so at the other, too.
    xs = [(step, i) for step in places for i in range(len(ids))]
    at = {step: exported["points"][steps.index(step)] for step in places}
    by_data = sorted(xs, key=lambda one: at[one[0]][one[1]][0])
    drawn_at = [places[step][2 * i] for step, i in by_data]
    assert all(a <= b + 0.11 for a, b in zip(drawn_at, drawn_at[1:], strict=False))


def test_shuffling_the_columns_of_all_tokens_moves_the_numbers_and_no_neighbour(browser, site):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("token-vector")
        numbers = "() => [...document.querySelector('token-vector').numbers(5)]"
        before, neighbours = page.evaluate(numbers), neighbours_shown(page)
        figure.get_by_role("button", name="Shuffle the columns").click()
        figure.get_by_role("button", name="Put them back").wait_for()
        after = page.evaluate(numbers)
        assert after != before
        assert sorted(after) == sorted(before)
        assert neighbours_shown(page) == neighbours
        figure.get_by_role("button", name="Put them back").click()
        assert page.evaluate(numbers) == before


def ranks(vectors, quadruples):
    """Where the last token comes by cosine to a - b + c, or to c alone, among all but a, b and c."""
    found = []
    for a, b, c, expected in quadruples:
        vector = vectors[c] if a is None else vectors[a] - vectors[b] + vectors[c]
        cosines = F.cosine_similarity(vectors, vector[None])
        better = cosines > cosines[expected]
        better[[i for i in (a, b, c) if i is not None]] = False
        found.append(int(better.sum()) + 1)
    return found


@pytest.mark.parametrize("which", [0, -1])
def test_word_arithmetic_is_scored_as_pytorch_scores_it_against_chance(
    browser, site, smoke_run, which
):
    run = Run(smoke_run)
    step = run.steps[which]
    vectors = embeddings(smoke_run, step)
    with opened(browser, f"{site.address}/{LESSON}#step={step}") as page:
        figure = page.locator("word-arithmetic")
        figure.scroll_into_view_if_needed()
        page.wait_for_function("() => document.querySelector('word-arithmetic').score")
        groups = page.evaluate(
            """async () => { const { analogies } = await import("../app/embeddings.js");
                return analogies(document.querySelector("word-arithmetic").run); }"""
        )
        word = [run.vocab[i] for i in groups["alike"][0]]
        assert word == [" she", " he", " boy", " girl"]
        of_kind = {}
        for name, quadruples in groups.items():
            assert all(len(set(one)) == 4 for one in quadruples)
            alone = [[None, None, *one[2:]] for one in quadruples]
            for kind, given in (("arithmetic", quadruples), ("alone", alone)):
                expected = ranks(vectors, given)
                cells = figure.locator(f"table.{name} tr.{kind} td").all_inner_texts()
                if name == "alike":
                    of_kind[kind] = expected
                n_first, typical = re.search(r"\((\d+)\)", cells[0])[1], cells[1]
                assert abs(int(n_first) - expected.count(1)) <= 1
                median = statistics.median_high(expected)
                assert int(typical.replace(",", "")) == pytest.approx(median, abs=1.01)
            random = page.evaluate(
                f"() => document.querySelector('word-arithmetic').score['{name}'].random"
            )
            assert len(random) == len(quadruples)
            assert random != ranks(vectors, quadruples)
        compared = list(zip(of_kind["arithmetic"], of_kind["alone"], strict=True))
        said = re.findall(r"\d+", figure.locator(".conclusion").inner_text())
        wanted = [sum(x < y for x, y in compared), len(compared), sum(x > y for x, y in compared)]
        assert [int(one) for one in said[:3]] == pytest.approx(wanted, abs=1)
        # What it opens with is neither a lucky example nor a bad one.
        opened_with = re.search(r"place ([\d,]+)", figure.locator(".verdict").inner_text())[1]
        middle = statistics.median_high(of_kind["arithmetic"])
        assert int(opened_with.replace(",", "")) == pytest.approx(middle, abs=1.01)


def test_what_comes_out_of_somebody_s_own_words_is_what_pytorch_finds(browser, site, smoke_run):
    run = Run(smoke_run)
    vectors = embeddings(smoke_run, run.steps[-1])
    ids = [run.tokenizer.encode(f" {word}")[0] for word in ("dog", "sun", "day")]
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("word-arithmetic")
        figure.scroll_into_view_if_needed()
        figure.locator("ol").wait_for()
        for field, word in zip(figure.get_by_role("textbox").all(), ("dog", "sun", "day")):
            field.fill(word)
            field.press("Enter")
        result = vectors[ids[0]] - vectors[ids[1]] + vectors[ids[2]]
        cosines = F.cosine_similarity(vectors, result[None])
        cosines[ids] = -2
        best = [dotted(run.vocab[i]) for i in cosines.topk(5).indices.tolist()]
        shown = figure.locator("li > b").evaluate_all(
            "(all) => all.map((one) => (one.querySelector('[aria-hidden]') ?? one).textContent.trim())"
        )
        assert shown == best
        assert not figure.locator("li.expected").count()
        figure.get_by_role("textbox").first.fill("qqqq")
        figure.get_by_role("textbox").first.press("Enter")
        figure.locator(".problem", has_text="qqqq").wait_for()
        assert figure.locator("li > b").count() == 5


def test_the_facts_about_the_table_are_those_of_the_export(browser, site, smoke, smoke_run):
    exported = json.loads((smoke / "embeddings.json").read_text())
    weights = embeddings(smoke_run, Run(smoke_run).steps[-1])
    with opened(browser, f"{site.address}/{LESSON}") as page:
        right = page.locator("lesson-question[name=size] li[data-right]").inner_text()
        assert int(right.replace(",", "")) == weights.numel()
        question = page.locator("lesson-question[name=alike]")
        question.locator("label").first.click()
        question.locator("textarea").fill("I think so")
        question.locator("button.primary").click()
        shown = question.locator("[data-reveal] run-value[of$=_cosine]").all_inner_texts()
        nearest = statistics.mean(one[0][1] for one in exported["neighbours"])
        assert [float(one) for one in shown] == pytest.approx(
            [nearest, random_cosines(*weights.shape)[0]], abs=0.02
        )
        assert float(shown[0]) == pytest.approx(nearest, abs=0.006)
        points = exported["points"]
        still = sum(len({str(one[i]) for one in points}) == 1 for i in range(len(points[0])))
        said = question.locator("[of=unmoved_tokens]").inner_text()
        assert said.split()[0] == (str(still) if still else "")
        ways = [sum(math.dist(a, b) for a, b in zip(one, points[0], strict=True)) for one in points]
        half = next(i for i, way in enumerate(ways) if way >= ways[-1] / 2)
        page.locator("details", has=page.locator("[of=half_way_step]")).locator("summary").click()
        said = page.locator("[of=half_way_step]").inner_text()
        assert int(said.replace(",", "")) == exported["snapshot_steps"][half]
