/**
 * <download-head></download-head>
 *
 * Typed code as a file to download, and the commands that train with it.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { trainCommand } from "../../app/command.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";

class DownloadHead extends Figure {
  static properties = { ownCode: { from: "typed", attribute: false } };

  static styles = [
    Figure.styles,
    controls,
    css`
    dl { margin: 16px 0 0; display: grid; gap: 8px; }
    dt { color: var(--muted); }
    dd { margin: 0; }
    .caption { margin-top: 16px; }
    code { font: 1em var(--mono); overflow-wrap: anywhere; user-select: all; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  download() {
    const url = URL.createObjectURL(new Blob([`${this.ownCode.trimEnd()}\n`], { type: "text/x-python" }));
    Object.assign(document.createElement("a"), { href: url, download: "my_head.py" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  draw({ settings }) {
    const command = trainCommand(settings);
    return html`<button ?disabled=${!this.ownCode} @click=${this.download}>Download my_head.py</button>
      <dl><dt>Put the file in the Terrarium folder. A model that trains in seconds, to check that it
          works:</dt>
        <dd><code>python train.py --head my_head.py --preset smoke</code></dd>
        ${
          command
            ? html`<dt>${
                settings.parent
                  ? "What this page’s run did, which goes on from another one:"
                  : "The preset that this page’s run started from:"
              }</dt>
        <dd><code>${command}</code></dd>`
            : nothing
        }</dl>
      <p class="caption">train.py checks it again, and also checks one thing that this page cannot: whether
        a model can learn with it.</p>`;
  }
}

customElements.define("download-head", DownloadHead);
