"""Write what has to stand in every page of the site: its policy, its scripts, its header. And write
the scripts that hold other files: the Python of the page, the programs of its engine, and the
grammar of the stories.

    python -m terrarium.web.pages

Run it after adding a page, a figure to a page, or an import to a script, and after changing what
these scripts hold; a test compares. Every script is named, so that a slow network need not wait for
one to learn which comes next.
"""

import ast
import base64
import gzip
import html
import io
import json
import os
import re
import tokenize
from pathlib import Path

from data import stories
from terrarium.files import atomic_write

SITE = Path(__file__).parent.parent.parent / "site"

# The pages that the header leads to.
NAVIGATION = {
    "index.html": "Watch it learn",
    "lessons/index.html": "Lessons",
    "explore.html": "Look inside",
    "playground.html": "Talk to it",
    "write.html": "Write the head",
    "lab.html": "Train your own",
}
# Nothing but this site; 'wasm-unsafe-eval' is what WebAssembly needs, and blobs start workers
# that have the same policy.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "font-src 'self'; img-src 'self'; connect-src 'self'; worker-src blob:; "
    "base-uri 'none'; form-action 'none'"
)
SHARED = ("copy-link", "run-picker")  # figures in the header of a page that shows a run
CHOOSING = ("  <run-picker></run-picker>", "  <copy-link></copy-link>")
LESSON_FIGURES = ("reading-depth",)  # what is written at the beginning of a lesson
ALONE = "embed.html"  # it stands in a frame, and has no header
WITHOUT_RUN = "<terra-page without-run>"  # what a page contains that shows no run
AUTOLOAD = "app/autoload.js"
ENGINE = "app/engine.js"  # where the first view needs it, it starts before everything else
FETCHING = ("terra-page", "forward-pass", "live-text")  # elements that fetch what figures show
EXPLAIN = "app/explain.js"
PYTHON, PROGRAM = "exercise/python-files.js", "engine/kernel-program.js"
TRAINING = "engine/train-kernel-program.js"
GRAMMAR = "app/story-grammar.js"
# The tables of data/stories.py that its check() reads.
TABLES = (
    *("RULES", "NAMES", "FAMILY", "FRIENDS", "HELPERS", "FEMALE", "PRONOUNS"),
    *("ANYWHERE", "ENDINGS", "OPENINGS", "PLOTS"),
)
# A host that is told no encoding, or a wrong one, does not matter: this mark comes before all that.
UTF8_MARK = "\ufeff"
BEGIN, END = "<!-- written by python -m terrarium.web.pages, from here -->", "<!-- to here -->"
WRITTEN = re.compile(rf"\n *{BEGIN}.*?{END}", re.DOTALL)
LATER = re.compile(r'<(section|footer) class="[^"]*\blater\b.*?</\1>', re.DOTALL)
IMPORT = re.compile(r'^(?:import|export)\s+(?:[^;"()]*\sfrom\s+)?"(\.[^"]+)"', re.MULTILINE)


def complete(site, name):
    """The text of a page with everything that has to stand in it."""
    text = UTF8_MARK + own_text(site, name)
    top = [*header(name, text), *lesson_top(site, name)]
    text = text.replace("<head>", "<head>" + block(head(site, name, text)), 1)
    text = re.sub("<terra-page[^>]*>", lambda tag: tag[0] + block(top), text, count=1)
    if is_lesson(name):
        text = text.replace("\n  </main>", block(lesson_end(site, name)) + "\n  </main>", 1)
    return text


def own_text(site, name):
    """The text of a page without what is written here."""
    return WRITTEN.sub("", (site / name).read_text("utf-8-sig"))


def block(lines):
    return "".join(f"\n  {line}" for line in (BEGIN, *lines, END))


def head(site, name, text):
    root = root_of(name)
    return [
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f'<link rel="icon" href="{root}styles/icon.svg">',
        f'<link rel="preload" href="{root}{EXPLAIN}" as="script">',  # modules wait for it
        *([runs_preload(root)] if shows_run(text) else []),
        f'<link rel="stylesheet" href="{root}styles/colors.css">',
        f'<link rel="stylesheet" href="{root}styles/page.css">',
        *([f'<link rel="stylesheet" href="{root}styles/lesson.css">'] if in_lessons(name) else []),
        f'<script defer src="{root}{EXPLAIN}"></script>',
        f'<script type="module" src="{root}{AUTOLOAD}"></script>',
        *preloads(site, name, text),
    ]


def shows_run(text):
    return "<terra-page" in text and WITHOUT_RUN not in text


def runs_preload(root):
    """The list of runs is what a page needs first; one that shows none would be told off for it."""
    return f'<link rel="preload" href="{root}exported/index.json" as="fetch" crossorigin>'


def header(name, text):
    return [*([] if name == ALONE else navigation(name, text)), *trouble(name)]


def navigation(name, text):
    root = root_of(name)
    language = ' lang="en"' if in_another_language(name) else ""
    links = [
        f'    <a href="{root}{page}"{current(page, name)}>{title}</a>'
        for page, title in NAVIGATION.items()
    ]
    return [
        f'<header class="site"{language}>',
        f'  <a class="name" href="{root}index.html">Terrarium</a>',
        *(CHOOSING if shows_run(text) else ()),
        '  <nav aria-label="Pages">',
        *links,
        "  </nav>",
        "</header>",
    ]


def trouble(name):
    """Where a page says what went wrong."""
    return [
        "<noscript><p>This page needs JavaScript, which is switched off in your browser.</p>"
        "</noscript>",
        '<p class="no-scripts">The figures are missing, because their scripts did not run. Did you',
        "  open this page as a file? Browsers only run pages like this from a web server: in the",
        "  Terrarium folder, type <code>python export_for_web.py --serve</code>. If it comes from",
        "  a web server, two things have to be right: the server sends .js files as",
        f"  text/javascript, and the address of this page ends in {Path(name).name}, not in",
        f"  {Path(name).stem}/.</p>",
        '<div id="error"></div>',
    ]


def current(page, name):
    """What a link says of itself: whether it leads to this page, or to the one it belongs to."""
    if page == name:
        return ' aria-current="page"'
    return ' aria-current="true"' if in_lessons(page) and in_lessons(name) else ""


def root_of(name):
    """What leads from a page to the folder of the site."""
    return "../" * name.count("/")


# Lessons ------------------------------------------------------------------------------------------

LESSON = re.compile(r"lessons/(?:(\w\w)/)?\d\d-[\w-]+\.html")
WORDS_A_MINUTE = 150  # of somebody who reads to understand
MINUTES_A_FIGURE = 0.75
MINUTES_A_QUESTION = 0.5


def in_lessons(name):
    return name.startswith("lessons/")


def in_another_language(name):
    return re.match(r"lessons/\w\w/", name) is not None


def is_lesson(name):
    return LESSON.fullmatch(name) is not None


def lessons_beside(site, name):
    """The lessons in the language of one, in their order."""
    folder = (site / name).parent
    found = sorted(path.relative_to(site).as_posix() for path in folder.glob("*.html"))
    return [one for one in found if is_lesson(one)]


def words(site, name):
    """What lessons say in the language of one: lessons/words.en.json and so on."""
    language = LESSON.fullmatch(name)[1] or "en"
    return json.loads((site / f"lessons/words.{language}.json").read_text("utf-8"))


def title_of(site, name):
    """The heading of a page."""
    heading = re.search("<h1[^>]*>(.*?)</h1>", own_text(site, name), re.DOTALL)[1]
    return " ".join(re.sub("<[^>]+>", "", heading).split())


def minutes(text):
    """How long somebody takes for a lesson, about: its words, its figures and its questions."""
    main = re.search("<main>(.*?)</main>", text, re.DOTALL)[1]
    prose = re.sub("<template.*?</template>|<[^>]+>", " ", main, flags=re.DOTALL)
    questions = main.count("<lesson-question")
    figures = len(re.findall(r'<section class="card', main))
    return round(
        len(prose.split()) / WORDS_A_MINUTE
        + MINUTES_A_FIGURE * figures
        + MINUTES_A_QUESTION * questions
    )


def lesson_top(site, name):
    """Which lesson this is, how long it takes and how deep it goes; and what its figures say."""
    if not is_lesson(name):
        return []
    say, order = words(site, name), lessons_beside(site, name)
    said = [
        f'  <p data-say="{key}">{html.escape(text)}</p>' for key, text in say["in-page"].items()
    ]
    which = say["lesson"].format(n=order.index(name) + 1, of=len(order))
    how_long = say["minutes"].format(n=minutes(own_text(site, name)))
    return [
        "<template data-words>",
        *said,
        "</template>",
        f'<section class="lesson-top" aria-label="{which}">',
        f"  <p>{which}, {how_long}</p>",
        "  <reading-depth></reading-depth>",
        "</section>",
    ]


def lesson_end(site, name):
    """Links to the lessons before and after."""
    say, order = words(site, name), lessons_beside(site, name)
    i = order.index(name)
    around = {"previous": order[i - 1] if i else None, "next": [*order, None][i + 1]}
    links = [
        f'  <a class="{key}" href="{Path(page).name}">'
        f"{say[key].format(title=title_of(site, page))}</a>"
        for key, page in around.items()
        if page
    ]
    return [
        f'<nav class="next lessons" aria-label="{say["lessons"]}">',
        *links,
        f'  <a class="all" href="index.html">{say["all-lessons"]}</a>',
        "</nav>",
    ]


# Scripts ------------------------------------------------------------------------------------------


def preloads(site, name, text):
    """Links to every script that a page loads before somebody does something, but for those of
    figures that wait (app/first-view.js). First come those that fetch the run; those of the figures
    follow while its data comes, the first figure's first."""
    root = root_of(name)
    has_header = name != ALONE and shows_run(text)
    shared = (*SHARED, *(LESSON_FIGURES if is_lesson(name) else ())) if has_header else ()
    tags = dict.fromkeys([*tags_in(LATER.sub("", text)), *shared])
    fetching = [script_of(site, tag) for tag in FETCHING if tag in tags]
    engine = [ENGINE] if "live-text" in tags else []
    first = with_imports(site, [*engine, AUTOLOAD, *fetching])
    figures = with_imports(site, [script_of(site, tag) for tag in tags])
    rest = [script for script in figures if script not in first]
    link = f'<link rel="modulepreload" href="{root}'
    return [
        *(f'{link}{script}">' for script in first),
        *(f'{link}{script}" fetchpriority="low">' for script in rest),
    ]


def scripts_of_later(site, text):
    """The scripts of the figures that are not seen first, with all that they import."""
    tags = [tag for part in LATER.finditer(text) for tag in tags_in(part[0])]
    return with_imports(site, [script_of(site, tag) for tag in tags])


def tags_in(text):
    """The tags of elements in HTML."""
    return re.findall("<([a-z]+-[a-z-]+)", text)


def with_imports(site, scripts):
    """Scripts, each of them followed by what it imports."""
    found = {}
    waiting = scripts[::-1]
    while waiting:
        script = waiting.pop()
        if script not in found:
            found[script] = True
            waiting += imports_of(site, script)[::-1]
    return list(found)


def script_of(site, tag):
    """The script that defines an element; app/autoload.js knows the same."""
    element = f"app/elements/{tag}.js"
    return element if (site / element).exists() else f"figures/{tag}/{tag}.js"


def imports_of(site, script):
    folder = os.path.dirname(script)
    return [
        os.path.normpath(os.path.join(folder, path)).replace(os.sep, "/")
        for path in IMPORT.findall((site / script).read_text("utf-8"))
    ]


def pages_of(site):
    """The pages that use the elements: all of them, exports aside."""
    found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return [name for name in found if not name.startswith("exported/")]


def python_files(site):
    """The script that holds the Python of the page: hosts run files that end in .py, or refuse
    them, and GitHub Pages drops those whose name begins with _."""
    folder = site / "exercise"
    sources = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    code = {name: without_comments((folder / name).read_text("utf-8")) for name in sources}
    entries = [f'  "{name}": {literal(code[name])},' for name in sources]
    about = "// Written by python -m terrarium.web.pages, from the files in this folder."
    return "\n".join([about, "export default {", *entries, "};", ""])


def without_comments(source):
    """Python without what only people read. What is left stays in its line, which errors name."""
    lines = source.split("\n")
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node):
            docstring = node.body[0]
            first, last = docstring.lineno - 1, docstring.end_lineno
            lines[first:last] = [docstring.col_offset * " " + '""', *[""] * (last - first - 1)]
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    return "\n".join(lines)


def literal(text):
    """A text as JavaScript writes it over several lines, each of which stays as it is."""
    return "`" + re.sub(r"[\\`]|\$(?=\{)", r"\\\g<0>", text) + "`"


def packed(site, program):
    """A program in WebAssembly as text, as engine/packed.js unpacks it."""
    content = (site / "engine" / f"{program}.wasm").read_bytes()
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


def kernel_program(site):
    """The script that holds engine/kernel.wasm."""
    about = "// Written by python -m terrarium.web.pages, from kernel.wasm."
    return f'{about}\nexport default "{packed(site, "kernel")}";\n'


def training_programs(site):
    """The script that holds the two programs that training may run on."""
    about = "// Written by python -m terrarium.web.pages, from train-kernel.wasm and -fused.wasm."
    names = {"plain": "train-kernel", "fused": "train-kernel-fused"}
    texts = [f'export const {name} =\n  "{packed(site, file)}";\n' for name, file in names.items()]
    return "\n".join([about, "".join(texts)])


def story_grammar():
    """The script that holds the words and sentences of the stories, for app/story-rules.js."""
    tables = {name: getattr(stories, name) for name in TABLES}
    about = "// Written by python -m terrarium.web.pages, from data/stories.py."
    text = json.dumps(tables, default=sorted, indent=1)  # a set as a list
    return f"{about}\nexport default JSON.parse({literal(text)});\n"


def main():
    written = {name: complete(SITE, name) for name in pages_of(SITE)}
    written |= {PYTHON: python_files(SITE), PROGRAM: kernel_program(SITE)}
    written |= {TRAINING: training_programs(SITE), GRAMMAR: story_grammar()}
    for name, text in written.items():
        place = SITE / name
        if not place.exists() or text.encode() != place.read_bytes():
            with atomic_write(place) as file:
                file.write(text.encode())
            print(f"Wrote site/{name}")


if __name__ == "__main__":
    main()
