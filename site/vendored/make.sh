#!/usr/bin/env bash
# Remakes every third-party file in this folder from pinned packages:  bash site/vendored/make.sh
# Needs node 20 with npm, python3 (3.10 or newer) and zopfli. Making it twice gives the same bytes.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
mkdir -p out/fonts out/licences

echo '{"private": true}' > package.json
npm install --silent --ignore-scripts --no-audit --no-fund --save-exact esbuild@0.28.2 \
  lit@3.3.3 lit-html@3.3.3 lit-element@4.2.2 @lit/reactive-element@2.1.2 uplot@1.6.32 \
  source-serif@4.5.1 inter-ui@4.1.1 @expo-google-fonts/jetbrains-mono@0.4.1 \
  @codemirror/{state@6.7.6,view@6.43.15,commands@6.11.1,language@6.13.1,autocomplete@6.20.4} \
  @codemirror/{legacy-modes@6.5.5,streamparser@6.0.0} @lezer/{common@1.5.5,highlight@1.2.5,lr@1.4.12} \
  @marijn/find-cluster-break@1.0.4 style-mod@4.1.4 w3c-keyname@2.2.8 crelt@1.0.7 \
  @micropython/micropython-webassembly-pyscript@1.27.0 binaryen@132.0.0 terser@5.51.2 \
  papaparse@5.7.1 mammoth@1.13.0 @xmldom/xmldom@0.8.15 jszip@3.10.2 underscore@1.13.8 \
  xmlbuilder@10.1.1 lop@0.4.2 option@0.2.4 dingbat-to-unicode@1.0.2 base64-js@1.5.1 \
  pako@1.0.11 lie@3.3.0 immediate@3.0.6 setimmediate@1.0.5 pdfjs-dist@6.5.438 \
  @zip.js/zip.js@2.24.0 @noble/hashes@2.4.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fonttools==4.68.0 brotli==1.2.1

# --- Lit and uPlot ---------------------------------------------------------------------------
# styleMap writes its first value as a style attribute, which a content security policy without
# 'unsafe-inline' refuses; let it set the properties one by one from the start, as it does later.
python3 - node_modules/lit-html/directives/style-map.js <<'PY'
import pathlib, re, sys
path = pathlib.Path(sys.argv[1])
first = r"if\(void 0===this\.(\w+)\)return this\.\1=new Set\(Object\.keys\((\w)\)\),this\.render\(\2\);"
text, found = re.subn(first, r"this.\1??=new Set;", path.read_text())
assert found == 1, "styleMap is not written as expected"
path.write_text(text)
PY

cat > lit-entry.js <<'JS'
export { LitElement, css, html, nothing, render } from "lit";
export { styleMap } from "lit/directives/style-map.js";
JS
echo 'export { default } from "uplot";' > uplot-entry.js

minify() { # input, output, banner, further options
  npx --no-install esbuild "$1" --minify --format=esm --target=es2022 --charset=utf8 \
    --legal-comments=none --log-level=warning --outfile="out/$2" --banner:js="/*! $3 */" "${@:4}"
}
bundle() { minify "$@" --bundle; }
smaller() { # output: once more with terser, which drops and joins more; kept where it gains 2 kB
  npx --no-install terser "out/$1" --module --compress passes=3,ecma=2020 --mangle --comments '/^!/' -o "$1.terser"
  mv "$1.terser" "out/$1"
}
bundle lit-entry.js lit.js "Lit 3.3.3, Copyright 2017 Google LLC, BSD-3-Clause, licences/lit.txt; styleMap changed, see README.md"
bundle uplot-entry.js uplot.js "uPlot 1.6.32, Copyright 2022 Leon Sorokin, MIT, licences/uplot.txt"
{ echo '/*! uPlot 1.6.32, Copyright 2022 Leon Sorokin, MIT, licences/uplot.txt */'
  cat node_modules/uplot/dist/uPlot.min.css; echo; } > out/uplot.css

# --- CodeMirror ------------------------------------------------------------------------------
[ "$(find node_modules -path '*/@codemirror/state/package.json' | wc -l)" = 1 ] ||
  { echo "two copies of @codemirror/state would not know each other's values" >&2; exit 1; }

# The Python mode: after a line that starts with return, pass, raise, break or continue the next
# one steps back; the original knows return and pass only, and takes them anywhere in a line ("if
# x: return"). The bracket that closeBrackets writes after the cursor does not change the indentation.
python3 - node_modules/@codemirror/legacy-modes/mode/python.js <<'PY'
import pathlib, sys
path = pathlib.Path(sys.argv[1])
text = path.read_text()
for old, new in [
    ('if (current == "pass" || current == "return")',
     r'if (style == "keyword" && /^\s*(return|pass|raise|break|continue)$/.test(stream.string.slice(0, stream.pos)))'),
    (r"/^[\s\[\{\(]*(?:#|$)/", r"/^[\s\[\{\(]*(?:#|[\]\}\)]*$)/"),
    ("return scope.align - (closing ? 1 : 0)", "return scope.align"),
]:
    assert text.count(old) == 1, "the Python mode is not written as expected"
    text = text.replace(old, new)
path.write_text(text)
PY

cat > codemirror-entry.js <<'JS'
import { LanguageSupport, StreamLanguage } from "@codemirror/language";
import { python as mode } from "@codemirror/legacy-modes/mode/python";
export { EditorState, StateEffect, StateField } from "@codemirror/state";
export {
  Decoration, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export {
  bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting,
} from "@codemirror/language";
export { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
export { tags } from "@lezer/highlight";

const { indentOnInput, commentTokens, closeBrackets } = mode.languageData;
const stringPrefixes = ["f", "r", "b", "rb", "br", "fr", "rf"].flatMap((p) => [p, p.toUpperCase()]);
const language = StreamLanguage.define({
  ...mode, languageData: { indentOnInput, commentTokens, closeBrackets: { ...closeBrackets, stringPrefixes } },
});
export const python = () => new LanguageSupport(language);
JS
bundle codemirror-entry.js codemirror.js "CodeMirror 6, Copyright 2018 Marijn Haverbeke and others, MIT, licences/codemirror.txt; Python mode changed, see README.md"
smaller codemirror.js

# --- MicroPython -----------------------------------------------------------------------------
# The loader without its branch for node and without the checks that Emscripten's debugging adds:
# getters that explain why a name is not exported, and wrappers that count a call's arguments.
micropython=node_modules/@micropython/micropython-webassembly-pyscript
python3 - $micropython/micropython.mjs <<'PY'
import pathlib, re, sys
path = pathlib.Path(sys.argv[1])
text = path.read_text()
for old, new, times in [
    (r'ENVIRONMENT_IS_NODE=globalThis\.process\?\.versions\?\.node&&"renderer"!=globalThis\.process\?\.type,', "", 1),
    (r"\bENVIRONMENT_IS_NODE\b", "false", 7),
    (r'"object"==typeof process&&.{70,90}&&process\.argv\.length>1', "false", 1),
    (r'\["[\w",]+"\]\.forEach\((unexportedRuntimeSymbol|function\(sym\)\{unexportedRuntimeSymbol\(sym\)\})\);', "", 2),
    (r"function unexportedRuntimeSymbol\(sym\)\{.*?abort\(msg\)\}\}\)\}", "", 1),
    (r'makeInvalidEarlyAccess\("\w+"\)', "undefined", 40),
    (r"function makeInvalidEarlyAccess\(name\)\{.*?\)\}", "", 1),
    (r'assert\(void 0!==wasmExports\.\w+,"missing Wasm export: \w+"\),', "", 38),
    (r'assert\(void 0===Module\.\w+,"[^"]*"\),', "", 13),
    (r'createExportWrapper\("(\w+)",\d+\)', r"wasmExports.\1", 29),
    (r"function createExportWrapper\(name,nargs\)\{.*?f\(\.\.\.args\)\}\}", "", 1),
    # Python sees of JavaScript only what was made for it: the properties of objects without a
    # prototype. Of all others it can call functions, read arrays from front to back, and hand
    # everything on. So there is no way from a tensor or a function to its constructor, and from
    # there to all of JavaScript. The module js, object 0, is empty.
    (r"(lookup_attr:function\(jsref,str,out\)\{const base=proxy_js_ref\[jsref\],attr=UTF8ToString\(str\);)",
     r"\1if(Object.getPrototypeOf(base))return 0;", 1),
    (r"return UTF8ToString\(str\)in base", "return!Object.getPrototypeOf(base)&&UTF8ToString(str)in base", 1),
    (r"(js_get_iter:function\(f_ref,out\)\{)", r"\1if(!Array.isArray(proxy_js_ref[f_ref]))"
     "return proxy_convert_js_to_mp_obj_jsside([].values(),out);", 1),
    (r"js_reflect_construct:.*?,js_subscr_load:.*?,js_subscr_store:.*?,(?=js_then_continue:)",
     "js_reflect_construct(ref,n,given,out){proxy_convert_js_to_mp_obj_jsside(void 0,out)},"
     "js_subscr_load(ref,index,out){proxy_convert_js_to_mp_obj_jsside(void 0,out)},js_subscr_store(){},", 1),
    (r"store_attr:function\(jsref,attr_ptr,value_ref\)\{.*?\[attr\]=value\}", "store_attr(){}", 1),
    (r"proxy_js_ref=\[globalThis,", "proxy_js_ref=[{__proto__:null},", 1),
    # Checks of the loader itself, and of browsers that have no module workers anyway; files that are
    # loaded later.
    (r"(function assert\(condition,text\)\{)condition\|\|abort.*?\}", r"\1}", 1),
    (r"!function\(\)\{function humanReadableVersionToPacked.*?\}\(\);", "", 1),
    (r"ERRNO_CODES=\{EPERM:.*?\}", "ERRNO_CODES={}", 1),
    (r"FS_preloadFile=async\(parent,.*?(?=,FS=\{root:)", "FS_preloadFile=void 0", 1),
    (r"\{Object\.getOwnPropertyDescriptor\(Module,prop\)\|\|.*?'--pre-js'`\)\}\}\)\}", "{}", 1),
    (r"checkStackCookie\(\)\{if\(!ABORT\)\{.*?address zero\)!\"\)\}\}", "checkStackCookie(){}", 1),
    (r"warnOnce=text=>\{.*?err\(text\)\)\}", "warnOnce=()=>{}", 1),
    (r"if\(isFileURI\(url\)\)return new Promise\(.*?xhr\.send\(null\)\}\);(?=var response)", "", 1),
    (r"for\(const prop of Object\.keys\(Module\)\)prop in moduleArg\|\|.*?(?=return moduleRtn)", "", 1),
    (r"if\(!globalThis\.window&&!globalThis\.WorkerGlobalScope\)throw new Error\(\"not compiled[^;]*;", "", 1),
    (r"ENVIRONMENT_IS_WORKER&&\(readBinary=url=>\{.*?\}\),", "", 1),
    (r"createLazyFile\(parent,.*?node\.stream_ops=stream_ops,node\},", "", 1),
    # What only asynchronous code and a terminal need.
    (r"js_then_continue:.*?(?=lookup_attr:)", "js_then_continue(){},js_then_reject(){},js_then_resolve(){},", 1),
    (r",runPythonAsync\(code\)\{.*?\[chr\],\{async:!0\}\)(?=\})", "", 1),
    (r"Module\._mp_(js_do_exec_async|js_repl_\w+|sched_keyboard_interrupt|hal_get_interrupt_char)=[\w.]+,", "", 10),
    # The program comes as bytes, not as a file that the loader asks for.
    (r"let Module=\{locateFile:\(path,scriptDirectory\)=>url\|\|scriptDirectory\+path\}",
     "let Module={wasmBinary:options.wasmBinary}", 1),
    # What the program does not import.
    (r"__syscall_(fstat64|lstat64|newfstatat):function\(.*?return-e\.errno\}\},", "", 3),
]:
    text, found = re.subn(old, new, text)
    assert found == times, f"the loader of MicroPython is not written as expected: {found} times {old}"
path.write_text(text)
PY
minify $micropython/micropython.mjs micropython.js "MicroPython 1.27.0, Copyright 2013-2025 Damien P. George, MIT, licences/micropython.txt; changed, see README.md"
smaller micropython.js

# The program without what no attention head imports. Its modules of Python are frozen: a list of names;
# a list of addresses; and each module's data, one after another. functools goes because it lacks
# lru_cache: the page has its own (exercise/python.js).
python3 - $micropython/micropython.wasm <<'PY'
import pathlib, struct, sys
path = pathlib.Path(sys.argv[1])
wasm = bytearray(path.read_bytes())
base = 65536 - wasm.index(b"\xc3\xbf\0!\"#$%&'()*+,-./")  # what the data begins with, and its address
end = wasm.index(b"\0\0", first := wasm.index(b"asyncio/event.py\0asyncio/funcs.py\0"))
names = wasm[first:end].decode().split("\0")
word = lambda address: struct.unpack_from("<I", wasm, address - base)[0]
lists = [a for a in range(end + base & ~3, len(wasm) + base - 4 * len(names), 4)
         if all(word(a + 4 * i) == word(a) + 12 * i for i in range(len(names)))]
assert len(lists) == 1, "the frozen modules are not listed as expected"
modules = [word(lists[0] + 4 * i) for i in range(len(names))]
dropped = ("asyncio/", "datetime.", "fnmatch.", "functools.", "gzip.", "hmac.", "html/",
           "locale.", "logging.", "pathlib.", "stat.", "tarfile/", "unittest/", "uu.")
kept = [i for i, name in enumerate(names) if not name.startswith(dropped)]
for i in {*range(len(names))} - {*kept}:
    start, stop = word(modules[i]), word(modules[i + 1])
    assert 0 < stop - start < 20000, "the frozen modules do not lie one after another"
    wasm[start - base:stop - base] = bytes(stop - start)
wasm[first:end] = "\0".join(names[i] for i in kept).encode().ljust(end - first, b"\0")
struct.pack_into(f"<{len(kept)}I", wasm, lists[0] - base, *(modules[i] for i in kept))
path.write_bytes(wasm)
PY
# And without what only a terminal, asynchronous code and debugging call. Data without gaps is longer,
# but gzip makes it shorter.
npx --no-install wasm-opt --post-emscripten --remove-exports='mp_js_repl_*' \
  --remove-exports=mp_js_do_exec_async --remove-exports=mp_sched_keyboard_interrupt \
  --remove-exports=mp_hal_get_interrupt_char --remove-exports=emscripten_stack_get_base \
  --remove-exports=emscripten_stack_get_free \
  -Os --converge --skip-pass=memory-packing --strip-debug --strip-producers \
  $micropython/micropython.wasm -o micropython.wasm

# As a script, because some hosts refuse .wasm. Base64 of what gzip has packed is smaller than the file
# itself, also on a host that packs nothing (site/engine/packed.js unpacks it). zopfli (Debian's package)
# takes seconds, and packs 5% tighter than gzip.
zopfli --i100 -c micropython.wasm > micropython.wasm.gz
python3 - micropython.wasm.gz out/micropython-program.js <<'PY'
import base64, pathlib, sys
source, place = map(pathlib.Path, sys.argv[1:])
packed = base64.b64encode(source.read_bytes()).decode()
banner = "/*! MicroPython 1.27.0, Copyright 2013-2025 Damien P. George, MIT, licences/micropython.txt; changed, see README.md */"
place.write_text(f'{banner}\nexport default "{packed}";\n')
PY

# --- Readers of files ------------------------------------------------------------------------
# Tables, Word documents and PDF documents, each in a worker of its own.
echo 'export { default } from "papaparse";' > papaparse-entry.js
bundle papaparse-entry.js papaparse.js "Papa Parse 5.7.1, Copyright 2015 Matthew Holt, MIT, licences/papaparse.txt"

# jszip looks for the streams of node, which it does without in a browser.
mkdir -p no-stream && echo 'module.exports = {};' > no-stream/index.js
echo 'import mammoth from "mammoth"; export const extractRawText = mammoth.extractRawText;' > mammoth-entry.js
bundle mammoth-entry.js mammoth.js "Mammoth 1.13.0, Copyright 2013 Michael Williamson, BSD-2-Clause, with other packages, licences/mammoth.txt" \
  --alias:stream=./no-stream

# pdf.js has a part that asks and a part that answers, in a worker of its own. Here both are in one worker,
# which is ours: the second must not take over its messages.
python3 - node_modules/pdfjs-dist/build/pdf.worker.mjs <<'PY'
import pathlib, re, sys
path = pathlib.Path(sys.argv[1])
taken_over = r"static \{\s+if \(typeof window === \"undefined\" && [^{]*\) \{\s+this\.initializeFromPort\(self\);\s+\}\s+\}"
text, found = re.subn(taken_over, "", path.read_text())
assert found == 1, "the worker of pdf.js is not written as expected"
path.write_text(text)
PY
cat > pdf-entry.js <<'JS'
import "pdfjs-dist/build/pdf.worker.mjs";
export { getDocument } from "pdfjs-dist/build/pdf.mjs";
JS
bundle pdf-entry.js pdf.js "pdf.js 6.5.438, Copyright 2024 Mozilla Foundation, Apache-2.0, licences/pdf.txt; changed, see README.md"

# --- Zip files and hashes --------------------------------------------------------------------
# Without a worker of its own, and without a deflate of its own: browsers have one.
cat > zip-entry.js <<'JS'
export { Uint8ArrayReader, Uint8ArrayWriter, ZipReader, ZipWriter } from "@zip.js/zip.js/lib/zip-core-custom.js";
export { ERR_EOCDR_NOT_FOUND } from "@zip.js/zip.js/lib/zip-core-custom.js";
JS
bundle zip-entry.js zip.js "zip.js 2.24.0, Copyright 2023 Gildas Lormeau, BSD-3-Clause, licences/zip.txt"
echo 'export { sha256 } from "@noble/hashes/sha2.js";' > sha256-entry.js
bundle sha256-entry.js sha256.js "noble-hashes 2.4.0, Copyright 2022 Paul Miller, MIT, licences/sha256.txt"

# --- Fonts: Latin only, weights 400 to 700; two files each -----------------------------------
cat > fonts.py <<'PY'
from io import BytesIO

from fontTools import subset
from fontTools.designspaceLib import AxisDescriptor, DesignSpaceDocument, SourceDescriptor
from fontTools.ttLib import TTFont
from fontTools.varLib import build, instancer

# The browser fetches the second file only for a page that shows one of its characters. Accents that
# combine stay with the letters A to z: a mark attaches only to a letter from the same file.
CORE = """
  20-7E A0 A7 A9 AD B1 B7 D7 E9       # Basic Latin, § © soft hyphen ± · × é
  300-304 306-308 30A-30C 327 328     # combining accents
  2013 2014 2018 2019 201C 201D 2026  # en and em dash, quotes, ellipsis
  2190-2193 21B5 2713 2717            # four arrows, return arrow, check mark, cross
  2212 221A 221E 2248 2264 2265       # minus, root, infinity, about, at most, at least
"""
ALL = CORE + """
  A0-17F                              # Latin-1, Latin Extended-A
  3B1-3C9                             # Greek lower case
  2010-2015 2018-201E 2039 203A       # dashes, quotes
  2020-2022 2032 2033 20AC            # daggers, bullet, primes, euro
"""


def characters(ranges):
    found = set()
    for line in ranges.splitlines():
        for span in line.partition("#")[0].split():
            first, _, last = span.partition("-")
            found.update(range(int(first, 16), int(last or first, 16) + 1))
    return found


def unicode_range(chosen):
    starts = sorted(c for c in chosen if c - 1 not in chosen)
    ends = sorted(c for c in chosen if c + 1 not in chosen)
    return ", ".join(f"U+{a:X}" if a == b else f"U+{a:X}-{b:X}" for a, b in zip(starts, ends))


PARTS = {"": characters(CORE), "-more": characters(ALL) - characters(CORE)}
for part, chosen in PARTS.items():
    print(f"unicode-range of NAME{part}.woff2: {unicode_range(chosen)}")


def only(font, chosen, features):
    options = subset.Options(layout_features=features, hinting=False, notdef_outline=True)
    options.drop_tables += ["DSIG"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=chosen)
    subsetter.subset(font)


def latin(path, features):
    font = TTFont(path, recalcTimestamp=False)
    if "fvar" in font:
        font["fvar"].instances = []
    only(font, characters(ALL), features)
    return font


def save(font, name):
    whole = BytesIO()
    font.flavor = None
    font.save(whole)
    for part, chosen in PARTS.items():
        whole.seek(0)
        font = TTFont(whole, recalcTimestamp=False)
        missing = sorted(chosen - set(font.getBestCmap()) - {0xAD})  # the soft hyphen is never drawn
        print(f"{name}{part}: lacks {' '.join(map(chr, missing)) or 'nothing'}")
        only(font, chosen, ["*"])
        font.flavor = "woff2"
        font.save(f"out/fonts/{name}{part}.woff2")


def rename(font, family, style):
    """The licence reserves the name 'Source' for the unchanged font."""
    postscript = f"{family}-{style}".replace(" ", "")
    names = {1: family, 2: style, 3: postscript, 4: f"{family} {style}", 6: postscript}
    font["name"].names = [n for n in font["name"].names if n.nameID not in (16, 17, 25)]
    for number, text in names.items():
        font["name"].setName(text, number, 3, 1, 0x409)


for source, style, name in [("Roman", "Regular", "source-serif"), ("Italic", "Italic", "source-serif-italic")]:
    font = latin(f"node_modules/source-serif/VAR/SourceSerif4Variable-{source}.ttf",
                 ["kern", "liga", "mark", "mkmk"])
    instancer.instantiateVariableFont(font, {"wght": (400, 700), "opsz": 20}, inplace=True)
    rename(font, "Terrarium Serif", style)
    save(font, name)

font = latin("node_modules/inter-ui/variable/InterVariable.woff2", ["kern", "mark", "mkmk", "tnum"])
instancer.instantiateVariableFont(font, {"wght": (400, 700), "opsz": 14}, inplace=True)
save(font, "inter")

# JetBrains Mono: the package has one file a weight, with the same points in each; join two again.
# No "calt": its ligatures would merge the characters of a token. All figures are tabular.
design = DesignSpaceDocument()
design.addAxis(AxisDescriptor(tag="wght", name="Weight", minimum=400, default=400, maximum=700))
for weight, style in [(400, "Regular"), (700, "Bold")]:
    file = f"node_modules/@expo-google-fonts/jetbrains-mono/{weight}{style}/JetBrainsMono_{weight}{style}.ttf"
    font = latin(file, ["mark"])
    del font["STAT"]
    design.addSource(SourceDescriptor(name=style, font=font, location={"Weight": weight}))
font, *_ = build(design)
font.recalcTimestamp = False
instancer.setMacOverlapFlags(font["glyf"])
save(font, "jetbrains-mono")
PY
venv/bin/python fonts.py

# --- Licences, then everything into place ----------------------------------------------------
cp node_modules/lit/LICENSE out/licences/lit.txt
cp node_modules/uplot/LICENSE out/licences/uplot.txt
cp node_modules/source-serif/LICENSE.md out/licences/source-serif.txt
cp node_modules/inter-ui/LICENSE.txt out/licences/inter.txt
cp node_modules/@expo-google-fonts/jetbrains-mono/LICENSE_FONT out/licences/jetbrains-mono.txt
python3 - > out/licences/codemirror.txt <<'PY'
# Thirteen packages with one licence text, and a copyright line each.
import json, pathlib
packages = [f"@codemirror/{n}" for n in "state view commands language autocomplete legacy-modes streamparser".split()]
packages += ["@lezer/common", "@lezer/highlight", "@marijn/find-cluster-break", "style-mod", "w3c-keyname", "crelt"]
holders, terms = {}, set()
for package in packages:
    folder = pathlib.Path("node_modules", package)
    version = json.loads((folder / "package.json").read_text())["version"]
    text = (folder / "LICENSE").read_text().removeprefix("MIT License\n").strip()
    copyright, text = text.split("\n\n", 1)
    assert copyright.startswith("Copyright (C) ") and "\n" not in copyright
    holders.setdefault(copyright, []).append(f"{package} {version}")
    terms.add(text.strip())
assert len(terms) == 1, "the licences differ"
print("MIT License\n")
for copyright, names in holders.items():
    print(copyright, *(f"  {name}" for name in names), sep="\n")
print("", *terms, sep="\n")
PY
cp node_modules/papaparse/LICENSE out/licences/papaparse.txt
cp node_modules/@zip.js/zip.js/LICENSE out/licences/zip.txt
cp node_modules/@noble/hashes/LICENSE out/licences/sha256.txt
licences() { # packages, or files of theirs: their licences one after the other, each under its name
  for name in "$@"; do
    path=node_modules/$name
    [ -f "$path" ] || path=$(find "$path" -maxdepth 1 -iname "license*")
    printf '%s\n\n' "--- $name" && sed 's/\r$//' "$path" && echo
  done
}
licences mammoth @xmldom/xmldom jszip pako lie immediate setimmediate underscore xmlbuilder lop option \
  dingbat-to-unicode base64-js > out/licences/mammoth.txt
licences pdfjs-dist/LICENSE pdfjs-dist/wasm/LICENSE_{JBIG2,OPENJPEG,QCMS,QUICKJS} \
  pdfjs-dist/wasm/LICENSE_PDFJS_{JBIG2,OPENJPEG,QCMS,QUICKJS} > out/licences/pdf.txt
# The package of MicroPython has no licence file; this is the licence of its repository.
cat > out/licences/micropython.txt <<'TXT'
The MIT License (MIT)

Copyright (c) 2013-2025 Damien P. George
Copyright (c) 2010-2014 Emscripten authors (the loader's run-time support)
Copyright (c) 2005-2012 Rich Felker (musl, the C library)

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.

--------------------------------------------------------------------------------

micropython-program.js contains re1.5 (the module re) under the BSD-3-Clause licence:

Copyright (c) 2007-2009 Russ Cox. All rights reserved.
Copyright (c) 2014 Paul Sokolovsky

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this
   list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice,
   this list of conditions and the following disclaimer in the documentation
   and/or other materials provided with the distribution.

3. Neither the name of the copyright holder nor the names of its contributors
   may be used to endorse or promote products derived from this software
   without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

It also contains uzlib (the module deflate) under the Zlib licence, copyright
(c) 2003 Joergen Ibsen, 2014-2018 Paul Sokolovsky, and mathematical functions
of musl, copyright (c) 1993, 2004 Sun Microsystems, Inc.: "Permission to use,
copy, modify, and distribute this software is freely granted, provided that
this notice is preserved."
TXT
chmod 644 out/licences/*

cd out
mkdir -p "$here/fonts" "$here/licences"
find . -type f | sort | while read -r file; do
  cp "$file" "$here/$file.new" && mv "$here/$file.new" "$here/$file"
  echo "${file#./}: $(wc -c < "$file") bytes, $(gzip -9n < "$file" | wc -c) gzip"
done
