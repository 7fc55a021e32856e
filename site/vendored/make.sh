#!/usr/bin/env bash
# Remakes every third-party file in this folder from pinned packages:  bash site/vendored/make.sh
# Needs node 20 with npm, and python3 (3.10 or newer). Making it twice gives the same bytes.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
mkdir -p out/fonts out/licences

echo '{"private": true}' > package.json
npm install --silent --ignore-scripts --no-audit --no-fund --save-exact esbuild@0.28.2 \
  lit@3.3.3 lit-html@3.3.3 lit-element@4.2.2 @lit/reactive-element@2.1.2 uplot@1.6.32 \
  source-serif@4.5.1 inter-ui@4.1.1 @expo-google-fonts/jetbrains-mono@0.4.1
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
export * from "lit";
export { classMap } from "lit/directives/class-map.js";
export { ifDefined } from "lit/directives/if-defined.js";
export { live } from "lit/directives/live.js";
export { createRef, ref } from "lit/directives/ref.js";
export { repeat } from "lit/directives/repeat.js";
export { styleMap } from "lit/directives/style-map.js";
JS
echo 'export { default } from "uplot";' > uplot-entry.js

bundle() { # entry, output, banner
  npx --no-install esbuild "$1" --bundle --minify --format=esm --target=es2022 --charset=utf8 \
    --legal-comments=none --log-level=warning --outfile="out/$2" --banner:js="/*! $3 */"
}
bundle lit-entry.js lit.js "Lit 3.3.3, Copyright 2017 Google LLC, BSD-3-Clause, licences/lit.txt; styleMap changed, see README.md"
bundle uplot-entry.js uplot.js "uPlot 1.6.32, Copyright 2022 Leon Sorokin, MIT, licences/uplot.txt"
{ echo '/*! uPlot 1.6.32, Copyright 2022 Leon Sorokin, MIT, licences/uplot.txt */'
  cat node_modules/uplot/dist/uPlot.min.css; echo; } > out/uplot.css

# --- Fonts: Latin only, weights 400 to 700 ---------------------------------------------------
cat > fonts.py <<'PY'
from fontTools import subset
from fontTools.designspaceLib import AxisDescriptor, DesignSpaceDocument, SourceDescriptor
from fontTools.ttLib import TTFont
from fontTools.varLib import build, instancer

RANGES = """
  20-7E A0-17F                        # Basic Latin, Latin-1, Latin Extended-A
  300-304 306-308 30A-30C 327 328     # combining accents
  3B1-3C9                             # Greek lower case
  2010-2015 2018-201E 2039 203A       # dashes, quotes
  2020-2022 2026 2032 2033 20AC       # daggers, bullet, ellipsis, primes, euro
  2190-2193 21B5                      # four arrows, return arrow
  2212 221A 221E 2248 2264 2265 1D40  # minus, root, infinity, about, at most, at least, raised T
"""
CHARACTERS = []
for line in RANGES.splitlines():
    for span in line.partition("#")[0].split():
        first, _, last = span.partition("-")
        CHARACTERS += range(int(first, 16), int(last or first, 16) + 1)


def latin(path, features):
    font = TTFont(path, recalcTimestamp=False)
    if "fvar" in font:
        font["fvar"].instances = []
    options = subset.Options(layout_features=features, hinting=False, notdef_outline=True)
    options.drop_tables += ["DSIG"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    return font


def save(font, name):
    wanted = {c for c in CHARACTERS if c != 0xAD}  # the soft hyphen is never drawn
    missing = sorted(wanted - set(font.getBestCmap()))
    print(f"{name}: lacks {' '.join(map(chr, missing)) or 'nothing'}")
    font.flavor = "woff2"
    font.save(f"out/fonts/{name}.woff2")


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
chmod 644 out/licences/*

cd out
mkdir -p "$here/fonts" "$here/licences"
find . -type f | sort | while read -r file; do
  cp "$file" "$here/$file.new" && mv "$here/$file.new" "$here/$file"
  echo "${file#./}: $(wc -c < "$file") bytes, $(gzip -9n < "$file" | wc -c) gzip"
done
