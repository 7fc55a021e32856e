"""What somebody finds again who leaves lab.html and comes back: their model, all that it was at earlier steps, and the
part of the page that they were at. The engine that learns is real; the model is tiny."""

import json
import zipfile

import pytest
from lab_page import IS_READY, LAB, TEXT, new_profile, opened_in, prepare, state

TINY = dict(n_layer=1, n_head=2, n_embd=16, n_ff=32, n_ctx=16, batch_size=4, warmup=5)
# Of each snapshot: its step, and numbers that no other weights have.
SNAPSHOTS = f"""() => {LAB}.state.snapshots.map(({{ step, weights }}) =>
    [step, weights.length, weights.reduce((sum, one, i) => sum + one * ((i % 97) + 1), 0)])"""
KEYS = f"""async () => {{
    const database = await {LAB}.storage.opened();
    const request = database.transaction("model").objectStore("model").getAllKeys();
    await new Promise((resolve) => {{ request.onsuccess = resolve; }});
    return request.result.filter(Array.isArray); }}"""  # of the snapshots that are kept


@pytest.fixture(scope="module")
def address(site):
    return f"{site.address}/lab.html"


def button(page, name):
    return page.locator("lab-run").get_by_role("button", name=name, exact=True)


def train_to_the_end(page, steps=300, name="Tom", has_room=True):
    """A model that has some snapshots; returns them once it is kept."""
    prepare(page, dict(TINY, steps=steps), name=name)
    button(page, "Train").click()
    page.wait_for_function(f"() => {LAB}.state.status === 'finished'")
    page.wait_for_function(
        f"""async (name) => {{ const [latest] = await {LAB}.storage.list();
        return latest?.model.name === name && latest.model.step === {steps}; }}""",
        arg=name,
    )
    if has_room:
        page.wait_for_function(
            f"""async () => {{ const [latest] = await {LAB}.storage.list();
            const kept = await {LAB}.storage.snapshots(latest.model.id);
            return kept.length === {LAB}.state.snapshots.length; }}"""
        )
    return page.evaluate(SNAPSHOTS)


def open_kept(page):
    page.wait_for_function(f"() => {LAB}.state.kept.length")
    page.locator("lab-run .go").click()
    page.wait_for_function(f"() => {LAB}.state.status === 'finished'")


def taken(page, folder):
    """The file with which the model is taken along: its manifest, and its weights at each step."""
    page.locator("lab-take").scroll_into_view_if_needed()
    with page.expect_download() as waiting:
        page.locator("lab-take").get_by_role("button", name="Download the model").click()
    place = folder / "model.zip"
    waiting.value.save_as(place)
    with zipfile.ZipFile(place) as archive:
        files = {path.split("/", 1)[1]: archive.read(path) for path in archive.namelist()}
    manifest = json.loads(files["manifest.json"])
    return manifest["exported_steps"], {
        path: content for path, content in files.items() if path.startswith("weights/")
    }


# What it was at earlier steps ------------------------------------------------------------------------


def test_a_model_that_is_opened_again_is_taken_along_with_all_its_steps(browser, address, tmp_path):
    with new_profile(browser) as context:
        with opened_in(context, address) as page:
            before = train_to_the_end(page)
            steps, weights = taken(page, tmp_path)
            assert len(steps) > 2 and steps[0] == 0 and steps[-1] == 300
            assert [step for step, *_ in before] in (steps, steps[:-1])
        with opened_in(context, address) as page:
            open_kept(page)
            assert page.evaluate(SNAPSHOTS)[: len(before)] == before
            assert taken(page, tmp_path) == (steps, weights)


def test_each_snapshot_is_stored_once_and_none_that_the_model_has_no_longer(browser, address):
    count = """const put = IDBObjectStore.prototype.put; globalThis.stored = [];
        IDBObjectStore.prototype.put = function (what, key) {
          if (Array.isArray(key)) stored.push(key[2]);
          return put.call(this, what, key); };"""
    with new_profile(browser) as context, opened_in(context, address, count) as page:
        steps = [step for step, *_ in train_to_the_end(page, 600)]
        stored = page.evaluate("() => stored")
        assert sorted(stored) == sorted(set(stored)) and set(steps) <= set(stored)
        assert sorted(step for *_, step in page.evaluate(KEYS)) == steps


@pytest.mark.parametrize(
    "damage",
    [
        "records.delete(IDBKeyRange.lowerBound([]))",  # as of a model that was kept before there were any
        "records.put({ step: 0, weights: 'none' }, key)",
        "records.put(null, key)",
    ],
)
def test_a_model_opens_when_its_snapshots_are_missing_or_damaged(
    browser, address, tmp_path, damage
):
    with new_profile(browser) as context:
        with opened_in(context, address) as page:
            train_to_the_end(page, 100)
            page.evaluate(
                f"""async (key) => {{
                const database = await {LAB}.storage.opened();
                const change = database.transaction("model", "readwrite");
                const records = change.objectStore("model");
                {damage};
                await new Promise((resolve) => {{ change.oncomplete = resolve; }}); }}""",
                page.evaluate(KEYS)[0],
            )
        with opened_in(context, address) as page:
            open_kept(page)
            assert state(page, "step") == 100
            steps, _ = taken(page, tmp_path)
            assert steps[-1] == 100 and 0 not in steps


def test_snapshots_go_with_their_model(browser, address):
    with new_profile(browser) as context, opened_in(context, address) as page:
        for name in ("Tom", "Anna", "Ben"):  # the browser keeps the last two of them
            train_to_the_end(page, 60, name)
        models = f"async () => (await {LAB}.storage.list()).map(({{ model }}) => model.id)"
        latest, earlier = page.evaluate(models)
        assert {of for _, of, _ in page.evaluate(KEYS)} == {latest, earlier}
        page.evaluate(f"async (id) => {{ await {LAB}.forgetKept(id); }}", earlier)
        assert {of for _, of, _ in page.evaluate(KEYS)} == {latest}


def test_where_there_is_no_room_for_snapshots_the_model_is_kept_and_it_is_said_once(
    browser, address
):
    full = """const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (what, key) {
          if (Array.isArray(key)) throw new DOMException("It is full.", "QuotaExceededError");
          return put.call(this, what, key); };"""
    with new_profile(browser) as context, opened_in(context, address, full) as page:
        prepare(page, dict(TINY, steps=100_000))
        button(page, "Train").click()
        page.wait_for_function(f"() => {LAB}.state.step > 20")
        button(page, "Pause").click()
        page.wait_for_function(f"() => {LAB}.state.notice")
        assert page.evaluate(f"async () => (await {LAB}.storage.list())[0].model.step") > 20
        assert page.locator("lab-run .note").inner_text() == state(page, "notice")
        button(page, "Go on").click()
        step = state(page, "step")
        page.wait_for_function(f"() => {LAB}.state.step > {step} + 20")
        button(page, "Pause").click()
        page.wait_for_function(f"() => {LAB}.state.status === 'paused'")
        page.evaluate(f"async () => {{ await {LAB}.stepOnce(); }}")  # which keeps it once more
        assert state(page, "notice") is None


def test_a_model_for_which_there_is_no_room_takes_that_of_its_snapshots(browser, address):
    small = """const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (what, key) {
          if (!Array.isArray(key) && globalThis.hasSnapshots) throw new DOMException("", "QuotaExceededError");
          if (Array.isArray(key)) globalThis.hasSnapshots = true;
          return put.call(this, what, key); };
        const remove = IDBObjectStore.prototype.delete;
        IDBObjectStore.prototype.delete = function (key) {
          if (key instanceof IDBKeyRange) globalThis.hasSnapshots = false;
          return remove.call(this, key); };"""
    with new_profile(browser) as context, opened_in(context, address, small) as page:
        train_to_the_end(page, 100, has_room=False)
        assert page.evaluate(KEYS) == []
        page.wait_for_function(f"() => {LAB}.state.notice")


# The model -------------------------------------------------------------------------------------------


def leave(page, address):
    page.goto(address.replace("lab.html", "lessons/glossary.html"))


def come_back(page, address, way):
    """The three ways in which somebody comes to the lab again."""
    if way == "reload":
        page.reload()
        return
    leave(page, address)
    if way == "back":
        page.go_back()
    else:
        page.get_by_role("link", name="Train your own").first.click()


@pytest.mark.parametrize("way", ["back", "link", "reload"])
def test_who_comes_back_in_the_same_tab_finds_the_model_that_was_there(browser, address, way):
    with new_profile(browser) as context:
        with opened_in(context, address) as page:
            train_to_the_end(page, 40)
            come_back(page, address, way)
            page.wait_for_function(f"() => {LAB}?.state.status === 'finished'")
            assert [state(page, "text.name"), state(page, "step")] == ["Tom", 40]
        with opened_in(context, address) as page:  # another tab begins with the text of the page
            page.wait_for_function(f"() => {LAB}.state.kept.length")
            assert state(page, "step") == 0 and state(page, "text.name") != "Tom"


@pytest.mark.parametrize("what", ["reset", "text"])
def test_what_was_chosen_instead_of_a_model_is_not_undone_by_coming_back(browser, address, what):
    with new_profile(browser) as context, opened_in(context, address) as page:
        train_to_the_end(page, 40)
        if what == "reset":
            button(page, "Reset").click()
        else:
            page.evaluate(f"text => {LAB}.setText({{ name: 'Ben', text }})", TEXT)
        page.wait_for_function(IS_READY)
        come_back(page, address, "back")
        page.wait_for_function(IS_READY)
        assert state(page, "step") == 0
        assert [one["name"] for one in state(page, "kept")] == ["Tom"]


def test_a_text_that_is_chosen_while_the_model_comes_back_stays(browser, address):
    slow = f"""addEventListener("DOMContentLoaded", async () => {{
        if (!sessionStorage.getItem("terrarium.shown")) return;
        await customElements.whenDefined("live-lab");
        const {{ storage }} = {LAB};
        const list = storage.list.bind(storage);
        storage.list = async () => {{
          const found = await list();
          if (!globalThis.isAsked) await {LAB}.setText({{ name: "Ben", text: {TEXT!r} }});
          globalThis.isAsked = true;
          return found; }}; }});"""
    with new_profile(browser) as context, opened_in(context, address, slow) as page:
        train_to_the_end(page, 40)
        page.reload()
        page.wait_for_function(f"() => globalThis.isAsked && {LAB}.state.status === 'ready'")
        assert state(page, "text.name") == "Ben"


# The part of the page --------------------------------------------------------------------------------

TOP_OF = """(id) => Math.round(document.getElementById(id).getBoundingClientRect().top)"""
IS_DRAWN = "() => !document.querySelector('live-lab :not(:defined)')"


def settled(page):
    """Wait until all parts of the lab are there, and keep their sizes."""
    page.wait_for_function(IS_READY)
    page.wait_for_function(IS_DRAWN)
    settle(page)


def settle(page):
    """Wait until the page has not grown for a while."""
    page.evaluate("""async () => {
        for (let height = 0, still = 0; still < 10; ) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          still = document.body.offsetHeight === height ? still + 1 : 0;
          height = document.body.offsetHeight;
        } }""")


def scroll_past(page, part, pixels):
    """Scroll to a part of the page, and so many pixels further, as with a wheel."""
    page.evaluate("(id) => document.getElementById(id).scrollIntoView()", part)
    settled(page)
    page.mouse.move(700, 450)
    page.mouse.wheel(0, page.evaluate(TOP_OF, part) + pixels)
    page.wait_for_function(
        "([id, top]) => Math.abs(document.getElementById(id).getBoundingClientRect().top - top) < 3",
        arg=[part, -pixels],
    )


@pytest.mark.parametrize("way", ["back", "reload"])
@pytest.mark.parametrize(("part", "pixels"), [("break", 300), ("break", -100), ("inside", 900)])
def test_who_comes_back_is_at_the_same_part_of_the_page(browser, address, way, part, pixels):
    with new_profile(browser) as context, opened_in(context, address) as page:
        scroll_past(page, part, pixels)
        come_back(page, address, way)
        settled(page)
        assert abs(page.evaluate(TOP_OF, part) + pixels) <= 5
        page.mouse.wheel(0, 200)  # nobody is held there
        page.wait_for_function(
            "([id, top]) => document.getElementById(id).getBoundingClientRect().top < top",
            arg=[part, -pixels - 150],
        )
        page.evaluate(
            "() => { document.querySelector('main').append(document.createElement('hr')); }"
        )
        settled(page)
        assert page.evaluate(TOP_OF, part) < -pixels - 150


def test_an_address_leads_to_its_part_until_somebody_comes_back_from_elsewhere(browser, address):
    with new_profile(browser) as context, opened_in(context, f"{address}#section=tokens") as page:
        settled(page)
        assert abs(page.evaluate(TOP_OF, "tokens")) < 40
        scroll_past(page, "break", 200)
        come_back(page, address, "back")
        settled(page)
        assert abs(page.evaluate(TOP_OF, "break") + 200) <= 5
        page.goto(address.replace("lab.html", "lessons/glossary.html"))
        page.goto(f"{address}#section=tokens")  # a link that is followed is no way back
        settled(page)
        assert abs(page.evaluate(TOP_OF, "tokens")) < 40
