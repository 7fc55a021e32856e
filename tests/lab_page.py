"""lab.html as tests open it: in a browser that has never been there, with a short text and a tiny model."""

import contextlib

from helpers import TIMEOUT

LAB = "document.querySelector('live-lab').lab"
IS_READY = f"() => {LAB}?.state.status === 'ready'"
TEXT = (
    "Tom saw a small dog. The dog ran to Tom and Anna.\n<|endoftext|>\n"
    "Anna and Tom went home, and the dog went home with them.\n<|endoftext|>\n"
) * 40


@contextlib.contextmanager
def new_profile(browser, width=1440, height=900, still=True, **options):
    """A browser that has never been anywhere. Unless it is still, films may start by themselves."""
    context = browser.new_context(
        viewport=dict(width=width, height=height),
        reduced_motion="reduce" if still else "no-preference",
        **options,
    )
    try:
        yield context
    finally:
        context.close()


@contextlib.contextmanager
def opened_at(context, address, condition, script=""):
    """A page, once a condition holds in it; afterwards, it must not have complained about anything."""
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: page.complaints.append(message.text))
    if script:
        page.add_init_script(script)
    page.goto(address)
    page.wait_for_function(condition)
    try:
        yield page
        assert page.complaints == [], page.complaints
    finally:
        page.close()


def opened_in(context, address, script=""):
    """The lab in a browser that may have been there before."""
    return opened_at(context, address, IS_READY, script)


@contextlib.contextmanager
def opened_lab(browser, address, width=1440, height=900, script="", **options):
    """The lab in a browser that has never been there."""
    with new_profile(browser, width, height, **options) as context:
        with opened_in(context, address, script) as page:
            yield page


def state(page, name):
    """What the lab knows, such as its step."""
    return page.evaluate(f"() => {LAB}.state.{name}")


def prepare(page, settings, text=TEXT, name="Tom"):
    """Choose the settings and the text that the model is made of."""
    page.evaluate(f"given => {LAB}.setSettings(given)", settings)
    page.evaluate(f"([name, text]) => {LAB}.setText({{ name, text }})", [name, text])
    page.wait_for_function(IS_READY)
