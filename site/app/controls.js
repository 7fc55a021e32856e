/** Buttons and menus, the same in all figures. */
import { css } from "../vendored/lit.js";

export const controls = css`
  .row { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; }
  button { min-height: 44px; border: 1px solid var(--line); border-radius: 22px; padding: 4px 20px;
           background: var(--panel); color: var(--text); font: 500 var(--small)/1.4 var(--sans);
           cursor: pointer; text-align: left; overflow-wrap: anywhere; }
  button:hover:not(:disabled) { border-color: var(--accent); }
  button:is(:disabled, [aria-disabled="true"]) { color: var(--muted); cursor: default; opacity: 0.7; }
  button[aria-pressed="true"], button[aria-current="true"] {
    border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); font-weight: 600; }
  .primary { background: var(--accent); border-color: var(--accent); color: var(--panel); font-weight: 600; }
  .primary:disabled { background: var(--accent); color: var(--panel); }
  .primary[aria-disabled="true"] { color: var(--panel); opacity: 0.7; cursor: default; }
  label { display: flex; align-items: center; gap: 8px; color: var(--muted); }
  select { min-height: 44px; padding: 0 8px; border: 1px solid var(--line); border-radius: 8px;
           background: var(--panel); color: var(--text); font: inherit; max-width: 100%; }
  @media print { .primary, .buttons, input[type="range"] { display: none; } }
  @media (forced-colors: active) {
    button[aria-pressed="true"], button[aria-current="true"], .primary:not(:disabled) {
      forced-color-adjust: none; background: Highlight; color: HighlightText; border-color: Highlight; }
    button:disabled, .primary:disabled {
      forced-color-adjust: none; background: ButtonFace; color: GrayText; border-color: GrayText; opacity: 1; }
  }
`;
