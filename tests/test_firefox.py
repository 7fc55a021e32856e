"""The pages in a real Firefox, where one is installed: what people come for works there, too."""

from helpers import opened
from typed_heads import STEPS, head, page_source

import pytest

SOURCE = page_source(head(STEPS)[1])
TYPED = """() => { const { result, busy } = document.querySelector("head-check");
                   return result && !busy; }"""


@pytest.mark.parametrize(
    "name",
    ["index.html", "explore.html", "playground.html", "write.html", "figures/all-figures.html"],
)
def test_every_page_opens_without_a_complaint(firefox_browser, site, name):
    with opened(firefox_browser, f"{site.address}/{name}") as page:
        assert page.get_by_role("heading", level=1).is_visible()


def test_the_slider_shows_another_sample(firefox_browser, site):
    with opened(firefox_browser, f"{site.address}/index.html") as page:
        text = page.locator("prompt-samples li").first.locator(".text").last
        before = text.inner_text()
        page.get_by_role("slider", name="Training step").press("End")
        page.get_by_text("step 20 of 20").wait_for()
        assert text.inner_text() != before and page.url.endswith("#step=20")


def test_a_text_of_ones_own_is_continued_and_equals_pytorch(firefox_browser, site):
    with opened(firefox_browser, f"{site.address}/explore.html") as page:
        page.get_by_placeholder("The start of a text").fill("The dog")
        page.get_by_text("Computed in this page").wait_for()
        page.get_by_text("This page computes the same numbers as PyTorch.").wait_for()
        page.locator("#compare").evaluate("one => one.scrollIntoView()")
        page.locator("#second .token").first.wait_for()
        assert page.get_by_role("alert").count() == 0


def test_a_head_that_is_typed_is_judged_and_writes_a_story(firefox_browser, site):
    with opened(firefox_browser, f"{site.address}/write.html") as page:
        page.get_by_role("textbox", name="Your code, in Python").click()
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.keyboard.insert_text(SOURCE)
        page.keyboard.press("Control+Enter")
        page.wait_for_function(TYPED)
        assert page.locator("head-check .verdict").inner_text().startswith("This is attention.")
        page.locator("#inside").scroll_into_view_if_needed()
        page.get_by_role("button", name="Let it write with my code").click()
        page.get_by_text("Every token is the same.").wait_for()
