"""Taking a model of the lab along: to other pages, as a file, and to train.py."""

import contextlib
import json
import re
import shlex
import shutil
import zipfile
from types import SimpleNamespace

from helpers import parsed, served

import numpy as np
import pytest
from lab_page import LAB, TEXT, new_profile, opened_in, prepare

TINY = dict(n_layer=2, n_head=2, n_embd=16, n_ff=32, n_ctx=32, batch_size=4, warmup=3)
HOSTILE = "<img src=x onerror=alert(1)>"
BROKEN_STORAGE = (
    "Object.defineProperty(window, 'indexedDB', { get() { throw new Error('No.'); } });"
)
NEVER_ANSWERS = "IDBFactory.prototype.databases = () => new Promise(() => {});"
LISTS_NO_DATABASES = "delete IDBFactory.prototype.databases;"  # as older browsers do not
# The tab remembers its model, which is opened again.
IS_BACK = f"() => {LAB}?.state.status === 'finished'"


@contextlib.contextmanager
def opened_lab(context, address, script=""):
    """The lab, at the part in which models are taken along."""
    with opened_in(context, f"{address}/lab.html", script) as page:
        page.locator("lab-take").scroll_into_view_if_needed()
        page.locator("lab-take h3").first.wait_for()
        yield page


def make_tiny(page, steps, name="Tom & dog", **settings):
    page.evaluate(f"() => {LAB}.setTokens({{ kind: 'bpe', vocabSize: 80 }})")
    prepare(page, {**TINY, "steps": steps, **settings}, name=name)


def train(page, steps=60, **settings):
    make_tiny(page, steps, **settings)
    of_run = page.locator("lab-run")
    of_run.get_by_role("button", name="One step", exact=True).click()
    if settings.get("architecture") != "window":  # which has no snapshots
        n_snapshots = "document.querySelector('live-lab').snapshots.list.length"
        page.wait_for_function(f"() => {n_snapshots} >= 2")
    page.wait_for_function(f"() => {LAB}.state.status === 'paused'")
    of_run.get_by_role("button", name="Go on", exact=True).click()
    page.wait_for_function(f"() => {LAB}.state.status === 'finished'")


def button(page, name):
    return page.locator("lab-take").get_by_role("button", name=name, exact=True)


def download(page, name, folder):
    with page.expect_download() as waiting:
        button(page, name).click()
    place = folder / waiting.value.suggested_filename
    waiting.value.save_as(place)
    return place


def load(page, file):
    """Choose a file; returns what is said about it in the end."""
    page.locator("lab-take input[type=file]").set_input_files(file)
    is_done = "() => document.querySelector('lab-take').isBusy === false"
    page.wait_for_function(is_done)
    return page.locator("lab-take .status").nth(1).inner_text()


def looked_inside(page):
    """The tokens that a page shows of a model, once they are there."""
    tokens = page.locator("token-row").first.locator(".token")
    tokens.first.wait_for()
    return "".join(tokens.all_inner_texts())


@pytest.fixture(scope="module")
def trained(browser, site, tmp_path_factory):
    """A model of the lab: its file, and what the lab knew of it."""
    folder = tmp_path_factory.mktemp("taken")
    with new_profile(browser) as context, opened_lab(context, site.address) as page:
        train(page)
        file = download(page, "Download the model", folder)
        weights = page.evaluate(f"async () => [...(await {LAB}.ask('state')).weights]")
        address = page.locator("lab-take pre.address").inner_text()
        return SimpleNamespace(file=file, weights=np.array(weights, "<f4"), address=address)


def files_in(file):
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def changed(file, change, place):
    """A copy of a zip file, of which `change` has changed the files."""
    files = files_in(file)
    change(files)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return place


def change_manifest(change):
    def act(files):
        manifest = json.loads(files["lab-tom-dog/manifest.json"])
        change(manifest)
        files["lab-tom-dog/manifest.json"] = json.dumps(manifest).encode()

    return act


# The command ------------------------------------------------------------------------------------


def test_train_py_takes_the_very_command_and_the_saved_text(browser, site, run_train, folder):
    chosen = dict(weight_decay=0.02, matrix_lr=0.05, seed=7, n_head=4)
    with new_profile(browser) as context, opened_lab(context, site.address) as page:
        make_tiny(page, 4, **chosen)
        saved = download(page, "Save the text", folder)
        command = page.locator("lab-take pre.command").inner_text()
        settings = page.evaluate(f"() => {LAB}.state.settings")
        parameters = page.evaluate(f"() => {LAB}.state.parameters")
    python, script, *flags = shlex.split(command)
    assert [python, script] == ["python", "train.py"]
    assert saved.read_text("utf-8") == TEXT
    s = vars(parsed(*flags))
    s["vocab_size"] = settings["vocab_size"] = None  # of the page, before it knows the tokens
    differing = {name for name in settings if name in s and settings[name] != s[name]}
    assert differing == set()
    run_train(*flags, "--device", "cpu").check_returncode()
    run = folder / "runs" / saved.stem
    assert json.loads((run / "metrics.json").read_text("utf-8"))["parameters"] == parameters


@pytest.mark.parametrize("what", ["command", "address"])
def test_the_command_and_the_address_can_be_copied(browser, site, what):
    permissions = ["clipboard-read", "clipboard-write"]
    with new_profile(browser, permissions=permissions) as context:
        with opened_lab(context, site.address) as page:
            train(page, steps=10)  # there is no address yet of a model that has learned nothing
            button(page, f"Copy the {what}").click()
            button(page, "Copied").wait_for()
            shown = page.locator(f"lab-take pre.{what}").inner_text()
            assert page.evaluate("() => navigator.clipboard.readText()") == shown


def test_a_button_keeps_its_shape_when_the_keyboard_reaches_it(browser, site):
    shape = "one => getComputedStyle(one).borderRadius"
    with new_profile(browser) as context, opened_lab(context, site.address) as page:
        save = button(page, "Save the text")
        before = save.evaluate(shape)
        button(page, "Copy the command").focus()
        page.keyboard.press("Tab")
        assert save.evaluate("one => one.matches(':focus-visible')")
        assert save.evaluate(shape) == before


def test_what_the_other_pages_cannot_show_stays_here_and_says_why(browser, site):
    with new_profile(browser) as context, opened_lab(context, site.address) as page:
        assert button(page, "Download the model").is_disabled()  # it has learned nothing
        train(page, steps=10, architecture="window", n_layer=1, n_head=1)
        assert button(page, "Download the model").is_disabled()
        assert "window" in page.locator("lab-take .note").first.inner_text()
        assert page.locator("lab-take pre.command").count() == 0


# The file ---------------------------------------------------------------------------------------


def test_the_file_is_an_export_with_the_weights_that_were_trained(trained, smoke_site):
    files = files_in(trained.file)
    assert trained.file.name == "lab-tom-dog.zip"
    assert {name.split("/")[0] for name in files} == {"lab-tom-dog"}
    manifest = json.loads(files["lab-tom-dog/manifest.json"])
    last = manifest["snapshots"][-1]
    content = files[f"lab-tom-dog/{last['file']}"]
    types = dict(float16="<f2", float32="<f4")
    read = [
        np.frombuffer(content, types[one["type"]], np.prod(one["shape"]), one["offset"])
        for one in manifest["weights"]["tensors"]
    ]
    np.testing.assert_allclose(np.concatenate(read), trained.weights, rtol=1e-3, atol=1e-7)
    assert last["step"] == manifest["step"] == 60 and manifest["finished"]
    assert manifest["snapshots"][0]["step"] == 0 and len(manifest["snapshots"]) >= 2
    assert manifest["exported_steps"] == [one["step"] for one in manifest["snapshots"]]

    exported = smoke_site / "exported" / "smoke"

    def theirs(name):
        return json.loads((exported / name).read_text("utf-8"))

    def keys(content):
        return set(content) - {"trained_in"}

    assert keys(manifest) == keys(theirs("manifest.json"))
    assert set(theirs("manifest.json")["settings"]) <= set(manifest["settings"])
    for name in ("log.json", "samples.json"):
        assert keys(json.loads(files[f"lab-tom-dog/{name}"])) == keys(theirs(name))
    ours = json.loads(files["lab-tom-dog/steps/000060-0.json"])
    assert keys(ours) == keys(theirs("steps/000020-0.json"))
    own = {name.removeprefix("lab-tom-dog/") for name in files}
    known = {path.removesuffix(".json") for path in own} | set(manifest["missing"])
    known |= {"manifest", "training_slice"}  # a part of training_text
    assert {path.stem for path in exported.glob("*.json")} <= known


def test_a_file_can_be_opened_in_another_browser_and_handed_on(browser, site, trained, tmp_path):
    with new_profile(browser, 390, 844) as context:
        with opened_lab(context, site.address) as page:
            load(page, trained.file)
            assert page.locator("lab-take li").count() == 1
            load(page, trained.file)  # once more
            assert page.locator("lab-take li").count() == 1
            assert files_in(download(page, "Download tom-dog", tmp_path)) == files_in(trained.file)
            page.locator("lab-take").get_by_role("link", name="Look inside: tom-dog").click()
            page.wait_for_url("**/explore.html*")
            assert "Tom" in looked_inside(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_file_that_is_unpacked_into_a_site_is_a_run_like_any_other(
    browser, site, smoke_site, trained, tmp_path
):
    copy = tmp_path / "site"
    shutil.copytree(smoke_site, copy)
    with zipfile.ZipFile(trained.file) as archive:
        archive.extractall(copy / "exported")
    with served(copy) as address, new_profile(browser) as context:
        page = context.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(
            trained.address.replace(site.address, address)
        )  # what the lab says that it will be
        assert page.url.startswith(address) and "Tom" in looked_inside(page)
        listed = page.locator("run-picker option").all_inner_texts()
        assert [one.split(" ")[0] for one in listed] == ["lab-tom-dog", "smoke"]
        missing = page.locator("head-story .caption").inner_text()
        assert missing and "export_for_web" not in missing
        assert page.get_by_role("alert").count() == 0, "it is no fault that it is not there"
        assert problems == []


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files.pop("lab-tom-dog/manifest.json"),
        lambda files: files.pop("lab-tom-dog/samples.json"),
        lambda files: files.pop("lab-tom-dog/weights/000060.bin"),
        lambda files: files.update({"lab-tom-dog/manifest.json": b"[1, 2"}),
        lambda files: files.update({"lab-tom-dog/log.json": files["lab-tom-dog/log.json"] + b" "}),
        lambda files: files.update({"lab-tom-dog/weights/000060.bin": b"\0" * 12}),
        change_manifest(lambda manifest: manifest.update(format=99)),
        change_manifest(lambda manifest: manifest.update(name=[1])),
        change_manifest(lambda manifest: manifest["files"].update({"../../x.json": {}})),
        change_manifest(lambda manifest: manifest["settings"].update(n_layer=3)),
        change_manifest(lambda manifest: manifest["tokenizer"]["vocab"].append("zebra")),
    ],
)
def test_a_file_that_is_damaged_gets_a_sentence_and_is_not_kept(
    damaged_page, trained, tmp_path, change
):
    said = load(damaged_page, changed(trained.file, change, tmp_path / "model.zip"))
    assert re.fullmatch(r"model\.zip .+[.]", said), said
    assert damaged_page.locator("lab-take .problem").count() == 1
    assert damaged_page.locator("lab-take li").count() == 0


def test_a_model_gets_the_name_that_somebody_types(browser, site, tmp_path):
    with new_profile(browser) as context, opened_lab(context, site.address) as page:
        train(page, steps=10)
        page.locator("lab-take").get_by_label("Its name").fill("Annas Möwe")
        page.locator("lab-take").get_by_label("Its name").press("Enter")
        file = download(page, "Download the model", tmp_path)
        assert file.name == "lab-annas-mowe.zip"
        assert page.locator("lab-take pre.address").inner_text().endswith("run=lab-annas-mowe")
        assert "--dataset tom-dog.txt" in page.locator("lab-take pre.command").inner_text()
        load(page, file)
        assert "annas-mowe" in page.locator("lab-take li").inner_text()


def test_any_other_file_gets_a_sentence(damaged_page, trained, tmp_path):
    for content in (b"", b"PK\x03\x04 no zip", trained.file.read_bytes()[:-40]):
        place = tmp_path / f"{HOSTILE[:4]}.zip"
        place.write_bytes(content)
        assert load(damaged_page, place)[-1] == "."
        assert damaged_page.locator("lab-take .problem").count() == 1


@pytest.fixture(scope="module")
def damaged_page(browser, site):
    with new_profile(browser) as context, opened_lab(context, site.address) as page:
        yield page


def test_markup_in_a_file_is_shown_as_text(browser, site, trained, tmp_path):
    def act(manifest):
        manifest["name"] = manifest["settings"]["dataset"] = HOSTILE
        manifest["missing"]["heads"] = HOSTILE
        manifest["tokenizer"]["vocab"][-1] = HOSTILE
        manifest["tokenizer"]["merges"] = []
        manifest["prompts"] = [HOSTILE] * 5

    file = changed(trained.file, change_manifest(act), tmp_path / "model.zip")
    with new_profile(browser) as context, opened_lab(context, site.address) as page:
        load(page, file)
        page.locator("lab-take").get_by_role("link", name="Look inside").click()
        page.wait_for_url("**/explore.html*")
        looked_inside(page)
        page.locator("head-story .caption").wait_for()
        assert HOSTILE in page.locator("head-story .caption").inner_text()
        assert page.locator("img").count() == 0


# In this browser --------------------------------------------------------------------------------


def test_a_trained_model_is_looked_inside_talked_to_and_deleted(browser, site):
    with new_profile(browser) as context, opened_lab(context, site.address) as page:
        train(page)
        button(page, "Look inside it").click()
        page.wait_for_url("**/explore.html*")
        last = looked_inside(page)
        page.locator("run-picker option", has_text="trained in this browser").wait_for(
            state="attached"
        )
        page.evaluate("() => { location.hash += '&step=0'; }")
        page.wait_for_function("() => document.querySelector('token-row').step === 0")
        page.wait_for_function(
            """last => last !== [...document.querySelector('token-row').shadowRoot.querySelectorAll('.token')]
                .map((one) => one.innerText).join('')""",
            arg=last,
        )  # the newborn model
        page.locator("copy-link").first.get_by_role("button").click()
        hint = page.locator("copy-link", has_text="only in this browser")
        hint.locator(".note, .by-hand").wait_for()
        page.get_by_role("link", name="Talk to it", exact=True).click()
        page.wait_for_url("**/playground.html*")
        assert "tom-dog" in page.url
        page.locator("written-text [role=option].written").first.wait_for()

        page.goto(f"{site.address}/lab.html")
        page.wait_for_function(IS_BACK)
        page.locator("lab-take").scroll_into_view_if_needed()
        button(page, "Delete tom-dog").click()
        button(page, "Do not delete tom-dog").click()  # it has asked first
        assert page.evaluate("() => document.querySelector('lab-take').kept.length") == 1
        button(page, "Delete tom-dog").click()
        button(page, "Delete tom-dog for good").click()
        page.wait_for_function("() => document.querySelector('lab-take').kept.length === 0")
        page.goto(f"{site.address}/explore.html#run=lab%3Atom-dog")
        page.locator("#error .error").wait_for()
        assert "not in this browser" in page.locator("#error").inner_text()
        page.complaints.clear()  # it is said in the console, too


@pytest.mark.parametrize("script", ["", LISTS_NO_DATABASES])
def test_a_model_is_kept_without_leaving_the_page(browser, site, script):
    with new_profile(browser) as context, opened_lab(context, site.address, script) as page:
        train(page, steps=10)
        assert page.locator("lab-take li").count() == 0
        button(page, "Keep it in this browser").click()
        page.locator("lab-take li").wait_for()
        assert "lab.html" in page.url
        assert "tom-dog" in page.locator("lab-take li").inner_text()
        page.reload()
        page.wait_for_function(IS_BACK)
        page.locator("lab-take").scroll_into_view_if_needed()
        page.locator("lab-take li").wait_for()


def test_a_file_is_kept_and_looked_inside_in_firefox(firefox_browser, site, trained, tmp_path):
    with new_profile(firefox_browser) as context, opened_lab(context, site.address) as page:
        assert "tom-dog is here" in load(page, trained.file)
        page.locator("lab-take").get_by_role("link", name="Look inside: tom-dog").click()
        page.wait_for_url("**/explore.html*")
        assert "Tom" in looked_inside(page)
        page.locator("top-ten tbody tr").first.wait_for()  # which a worker computes


def test_nobody_is_told_that_nothing_is_kept_before_that_is_known(browser, site):
    said = {}
    for script in ("", NEVER_ANSWERS):
        with new_profile(browser) as context, opened_lab(context, site.address, script) as page:
            page.wait_for_timeout(500)
            part = page.locator("lab-take div", has=page.locator("h3", has_text="Models")).last
            said[script] = part.locator("p").first.inner_text()
    assert said[""] and not said[NEVER_ANSWERS]


def test_where_nothing_can_be_kept_a_model_can_still_be_downloaded(browser, site, tmp_path):
    with new_profile(browser) as context:
        with opened_lab(context, site.address, BROKEN_STORAGE) as page:
            train(page, steps=10)
            button(page, "Look inside it").click()
            problem = page.locator("lab-take .problem")
            problem.wait_for()
            assert "download" in problem.inner_text()
            assert "lab-tom-dog/manifest.json" in files_in(
                download(page, "Download the model", tmp_path)
            )


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_axe_finds_nothing_to_mend_where_models_are_kept(browser, site, trained, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    scheme = "dark" if dark else "light"
    with new_profile(browser, width, color_scheme=scheme) as context:
        with opened_lab(context, site.address) as page:
            load(page, trained.file)
            load(page, dict(name="nothing.zip", mimeType="application/zip", buffer=b""))
            found = Axe().run(page, "lab-take").response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.complaints.clear()  # axe itself tries what the policy forbids
