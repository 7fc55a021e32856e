/**
 * <attention-diff></attention-diff>
 *
 * What the maps of differences below it show: the attention of which of two minus that of which, and why
 * some of them are blank.
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
    @media (max-width: 640px) { h3 { min-height: 3em; } .caption { min-height: 7.5em; } }
    .more { color: var(--accent); } .less { color: var(--value); }
  `,
  ];

  draw() {
    const { pass, otherPass } = this;
    const [here, there] = this.sides.map(({ where }) => where);
    const { length } = attentionDifference(pass, otherPass);
    const title = here === there ? "Where heads look" : `Where heads look more or less ${there} than ${here}`;
    return html`<h3>${title}</h3>
      <p class="caption">${length ? (this.whyAllBlank(length) ?? this.legend(here, there)) : nothing}</p>`;
  }

  legend(here, there) {
    return html`<b class="more">Green</b>: more attention ${there}. <b class="less">Violet</b>: more
      attention ${here}. ${this.whySomeBlank()}`;
  }

  /** Why there is no difference at all; null if there may be one. */
  whyAllBlank(length) {
    const { pass, otherPass } = this;
    if (isSameModel(pass, otherPass)) {
      return "All maps are blank: the same model looks at the same text in the same way.";
    }
    if (length === 1) {
      return "All maps are blank: only the first token is the same, and it can look at nothing but itself.";
    }
    const { name, layer } = partOff(otherPass.intervention);
    if (layer !== pass.run.manifest.settings.n_layer - 1) return null;
    return `All maps are blank: no layer comes after ${name}, so what heads read is what they read with it.
      Only the probabilities change.`;
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
