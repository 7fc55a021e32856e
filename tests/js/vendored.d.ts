// What the checked scripts find around them: third-party files, which are not checked, and the page.

declare module "*/vendored/lit.js" {
  export class LitElement extends HTMLElement {
    static elementProperties: Map<string, any>;
    static properties: Record<string, object>;
    static styles: unknown;
    renderRoot: ShadowRoot;
    updateComplete: Promise<boolean>;
    hasUpdated: boolean;
    renderOptions: { renderBefore?: Node };
    addController(controller: object): void;
    connectedCallback(): void;
    createRenderRoot(): ShadowRoot;
    disconnectedCallback(): void;
    firstUpdated(changed: Map<string, any>): void;
    performUpdate(): void;
    render(): unknown;
    requestUpdate(): void;
    scheduleUpdate(): void | Promise<unknown>;
    shouldUpdate(changed: Map<string, any>): boolean;
    updated(changed: Map<string, any>): void;
    willUpdate(changed: Map<string, any>): void;
  }
  export interface LitElement {
    constructor: typeof LitElement;
  }
  export function css(texts: TemplateStringsArray, ...values: unknown[]): object;
  export function html(texts: TemplateStringsArray, ...values: unknown[]): object;
  export function render(content: unknown, element: Element): object;
  export function styleMap(styles: Record<string, string | number>): object;
  export const nothing: unique symbol;
}

declare module "*/vendored/codemirror.js";
declare module "*/vendored/mammoth.js";
declare module "*/vendored/micropython.js";
declare module "*/vendored/micropython-program.js";
declare module "*/vendored/papaparse.js";
declare module "*/vendored/pdf.js";
declare module "*/vendored/sha256.js";
declare module "*/vendored/uplot.js";
declare module "*/vendored/zip.js";

/** An element that is looked up may be of any class. */
interface ParentNode {
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}
