/**
 * <attention-diff> maps of differences </attention-diff>
 *
 * What the maps of differences in it show: the attention of which of two minus that of which, and why some
 * of them are blank. If all are, they are not shown.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { attentionDifference, isSameModel } from "../../app/forward-pass.js";
import { layerAndHead } from "../../app/heads.js";

class AttentionDiff extends ForwardPassFigure {
  static styles = [
    ForwardPassFigure.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; overflow-wrap: anywhere; }
    .caption { min-height: 3em; }
    slot:not([hidden]) { display: block; margin-top: 16px; }
    slot[hidden] { display: none; }
    @media (max-width: 640px) { h3 { min-height: 3em; } .caption { min-height: 7.5em; } }
    .more { color: var(--accent); } .less { color: var(--value); }
  `,
  ];

  /** The maps stay in the page, or they could not know their colours. */
  render() {
    const isHidden = !this.isReady || this.whyAllBlank() !== null;
    return html`${super.render()}<slot ?hidden=${isHidden}></slot>`;
  }

  draw() {
    const [here, there] = this.sides.map(({ where }) => where);
    const title = here === there ? "Where heads look" : `Where heads look more or less ${there} than ${here}`;
    return html`<h3>${title}</h3>
      <p class="caption">${this.whyAllBlank() ?? this.legend(here, there)}</p>`;
  }

  legend(here, there) {
    return html`<b class="more">Green</b>: more attention ${there}. <b class="less">Violet</b>: more
      attention ${here}. ${this.whySomeBlank()}`;
  }

  /** Why there is no difference at all; null if there may be one. */
  whyAllBlank() {
    const { pass, otherPass } = this;
    const { length } = attentionDifference(pass, otherPass);
    if (!length) {
      return "They start with different tokens or have different heads, so their heads cannot be compared.";
    }
    if (isSameModel(pass, otherPass)) {
      return "There is no map to show: the same model looks at the same text in the same way.";
    }
    if (length === 1) {
      return "There is no map to show: only the first token is the same, and it can look only at itself.";
    }
    const { name, layer } = partOff(otherPass.intervention);
    if (layer !== pass.run.manifest.settings.n_layer - 1) return null;
    return `There is no map to show: no layer comes after ${name}, so all other heads look where they looked
      with it. What changes is the prediction.`;
  }

  /** Layers that come before what is switched off have nothing to show. */
  whySomeBlank() {
    const { name, layer } = partOff(this.otherPass.intervention);
    if (layer === null) return nothing;
    const layers = Array.from({ length: layer + 1 }, (_, i) => i);
    const blank = layer === 0 ? "Layer 0 is" : `Layers ${listing.format(layers.map(String))} are`;
    return `${blank} blank: only the layers after ${name} read what it would have added.`;
  }
}

const listing = new Intl.ListFormat("en"); // "0, 1, and 2"

/** What is switched off, such as "head 2.1" or "layer 2", and the layer that it is in; null if nothing is. */
function partOff({ heads = [], layers = [] } = {}) {
  if (heads.length) return { name: `head ${heads[0]}`, layer: layerAndHead(heads[0])[0] };
  return layers.length ? { name: `layer ${layers[0]}`, layer: layers[0] } : { name: "", layer: null };
}

customElements.define("attention-diff", AttentionDiff);
