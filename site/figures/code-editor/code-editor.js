/**
 * <code-editor></code-editor>
 *
 * An editor for Python. Typing can be undone as long as the text has the same name; `errorLine` is the
 * number of a line that is marked, or null. In a famous mistake, what differs from a right answer is
 * marked, too.
 */
import {
  Decoration,
  EditorState,
  EditorView,
  HighlightStyle,
  StateEffect,
  StateField,
  bracketMatching,
  closeBrackets,
  closeBracketsKeymap,
  defaultKeymap,
  highlightActiveLine,
  highlightSpecialChars,
  history,
  historyKeymap,
  indentOnInput,
  indentUnit,
  indentWithTab,
  keymap,
  lineNumbers,
  python,
  syntaxHighlighting,
  tags,
} from "../../vendored/codemirror.js";
import { css, html } from "../../vendored/lit.js";
import { Figure } from "../../app/figure.js";

const highlightStyle = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: "var(--value)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--accent)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--chosen)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.definition(tags.variableName), tags.standard(tags.variableName)], color: "var(--key)" },
]);

const theme = EditorView.theme({
  "&": {
    color: "var(--text)",
    backgroundColor: "var(--background)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    fontSize: "var(--code-size)",
  },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--text)", padding: "12px 0", minHeight: "16em" },
  ".cm-line": { padding: "0 16px 0 8px" },
  ".cm-gutters": {
    color: "var(--muted)",
    backgroundColor: "var(--background)",
    border: "none",
    paddingLeft: "8px",
    borderRadius: "8px 0 0 8px",
  },
  ".cm-activeLine, .cm-activeLineGutter": {
    backgroundColor: "color-mix(in oklab, var(--accent) 6%, transparent)",
  },
  ".cm-only-spaces": {
    backgroundImage: "radial-gradient(circle at 50% 55%, var(--muted) 0 1px, transparent 1.5px)",
    backgroundSize: "1ch 100%",
  },
  ".cm-error-line": {
    backgroundColor: "color-mix(in oklab, var(--warning) 14%, transparent) !important",
    boxShadow: "inset 4px 0 var(--warning)",
  },
  ".cm-changed-line": {
    backgroundColor: "color-mix(in oklab, var(--chosen) 14%, transparent) !important",
    boxShadow: "inset 4px 0 var(--chosen)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "transparent", boxShadow: "0 0 0 1px var(--key)" },
  "&.cm-focused .cm-nonmatchingBracket": {
    backgroundColor: "transparent",
    boxShadow: "0 0 0 1px var(--warning)",
  },
});

const MOST_SPACES = 24; // before a line, for which there is a class

/** What is wrapped of a line is indented a little further than the line itself. */
const wrappedLines = EditorView.theme(
  Object.fromEntries(
    Array.from({ length: MOST_SPACES + 1 }, (_, spaces) => [
      `.cm-indented-${spaces}`,
      { paddingLeft: `calc(8px + ${spaces + 2}ch) !important`, textIndent: `-${spaces + 2}ch` },
    ]),
  ),
);

const spacesBefore = (line) => line.length - line.trimStart().length;

/** Whatever depends on each line as it is: its indentation, and the spaces of one that looks empty. */
const indentations = EditorView.decorations.compute(["doc"], ({ doc }) => {
  const found = [];
  for (let number = 1; number <= doc.lines; number++) {
    const { from, to, text } = doc.line(number);
    const spaces = spacesBefore(text);
    found.push(Decoration.line({ class: `cm-indented-${Math.min(spaces, MOST_SPACES)}` }).range(from));
    if (spaces && spaces === text.length)
      found.push(Decoration.mark({ class: "cm-only-spaces" }).range(from, to));
  }
  return Decoration.set(found);
});

/** [an effect that marks lines by their numbers, the field in which they are] */
function marking(name) {
  const mark = StateEffect.define();
  const line = Decoration.line({ class: name });
  const field = StateField.define({
    create: () => Decoration.none,
    update(lines, { changes, effects, state }) {
      const found = effects.find((effect) => effect.is(mark));
      if (!found) return changes.empty ? lines : Decoration.none; // until the text changes
      const numbers = found.value.filter((number) => number <= state.doc.lines);
      return Decoration.set(numbers.map((number) => line.range(state.doc.line(number).from)));
    },
    provide: (itself) => EditorView.decorations.from(itself),
  });
  return [mark, field];
}

const [markError, errorLines] = marking("cm-error-line");
const [markChange, differentLines] = marking("cm-changed-line");

class CodeEditor extends Figure {
  static properties = {
    code: { from: "typed", type: String },
    name: { from: "typed", type: String },
    errorLine: { from: "typed", type: Number },
    mistake: { from: "typed", attribute: false },
    focusOn: { from: "typed", attribute: false },
  };

  static styles = [
    Figure.styles,
    css`
    :host { --code-size: 0.8125rem; }
    @media (max-width: 640px) { :host { --code-size: max(16px, 0.95rem); } }  /* below, phones zoom in */
    .editor { min-height: 18em; }
    .caption { margin-top: 8px; }
    @media (hover: none) { .caption { display: none; } }  /* there are no such keys */
    @media print { .caption { display: none; } }
  `,
  ];

  load() {
    return true;
  }

  render() {
    // it needs no run
    return html`<div class="editor"></div>
      <p class="caption" id="keys">Ctrl-Enter runs the code. Tab indents; Esc, then Tab leaves the editor.</p>`;
  }

  firstUpdated() {
    this.view = new EditorView({
      root: this.renderRoot,
      parent: this.renderRoot.querySelector(".editor"),
      state: this.initialState(),
    });
  }

  /** The text as it was given, with nothing to undo. */
  initialState() {
    const doc = this.code ?? "";
    return EditorState.create({ doc, selection: { anchor: doc.length }, extensions: this.extensions() });
  }

  extensions() {
    return [
      lineNumbers(),
      highlightSpecialChars(),
      history(),
      indentUnit.of("    "),
      indentOnInput(),
      EditorState.tabSize.of(4),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      python(),
      syntaxHighlighting(highlightStyle),
      differentLines,
      errorLines,
      theme,
      EditorView.lineWrapping,
      wrappedLines,
      indentations,
      keymap.of([
        { key: "Mod-Enter", run: () => this.tryOut() },
        { key: "Ctrl-Enter", run: () => this.tryOut() },
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...historyKeymap,
        indentWithTab,
      ]),
      EditorView.updateListener.of((update) => this.changed(update)),
      EditorView.contentAttributes.of({
        "aria-label": "Your code, in Python",
        "aria-describedby": "keys",
        "aria-multiline": "true",
        tabindex: "0",
        autocapitalize: "off",
        autocorrect: "off",
        spellcheck: "false",
      }),
    ];
  }

  changed({ docChanged, state }) {
    if (!docChanged) return;
    this.code = state.doc.toString();
    if (!this.isExternal) this.typed.type(this.code);
  }

  /** @returns {boolean} the key has done something */
  tryOut() {
    this.typed.tryOut();
    return true;
  }

  updated(changed) {
    const { view } = this;
    if (changed.has("name")) view.setState(this.initialState());
    if (changed.has("code") && this.code !== view.state.doc.toString()) {
      this.isExternal = true; // a change by the page, which knows it already
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: this.code },
        selection: { anchor: this.code.length },
      });
      this.isExternal = false;
    }
    if (changed.has("errorLine"))
      view.dispatch({ effects: markError.of(this.errorLine ? [this.errorLine] : []) });
    if (this.mistake && this.code === this.mistake.code) {
      view.dispatch({ effects: markChange.of(this.mistake.lines) });
    }
    if (changed.has("focusOn") && this.focusOn?.tag === this.localName) view.focus();
  }
}

customElements.define("code-editor", CodeEditor);
