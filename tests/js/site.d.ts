// The properties that Lit and Figure.follow() give to the base classes of figures. A class field would hide
// what Lit makes of `static properties`, so they are declared here. Those of the figures themselves are
// found by tests/test_javascript.py.

import { Chat } from "../../site/app/chat.js";
import { Comparison } from "../../site/app/comparison.js";
import { ForwardPass as AForwardPass } from "../../site/app/forward-pass.js";
import { Lab } from "../../site/app/lab.js";
import { Observable } from "../../site/app/observable.js";
import { Operated } from "../../site/app/operated.js";
import { Run as ARun, UserError } from "../../site/app/run.js";
import { Side } from "../../site/app/sides.js";
import { Store as AStore } from "../../site/app/store.js";
import { Teaching } from "../../site/app/teaching.js";
import { Trials } from "../../site/app/trials.js";
import { TypedHead } from "../../site/app/typed-head.js";
import { Writing } from "../../site/app/writing.js";

declare global {
  type ForwardPass = AForwardPass;
  type Run = ARun;
  type Store = AStore;
}

declare module "../../site/app/figure.js" {
  interface Figure {
    run: Run;
    step: number;
    data: any;
    error: UserError & { fromRender?: boolean };
    page: Observable;
    passes: Observable;
    store: Store;
    typed: TypedHead;
    writing: Writing;
    operated: Operated;
    chat: Chat;
    lab: Lab;
    sentences: any;
    trials: Trials;
    load(run: Run): any;
    draw(data: any): unknown;
  }
}

declare module "../../site/app/lab-figure.js" {
  interface LabFigure {
    status: string;
  }
}

declare module "../../site/app/teaching-figure.js" {
  interface TeachingFigure {
    teaching: Teaching;
    tokenizer: any;
    problem: string | null;
    work: { name: string; done: number; of: number } | null;
    losesFocus: boolean;
  }
}

declare module "../../site/app/forward-pass-figure.js" {
  interface ForwardPassFigure {
    both: ForwardPass[];
    pass: ForwardPass;
    otherPass: ForwardPass;
    sides: Side[];
    comparison: Comparison | null;
    isCompared: boolean;
    isFar: boolean;
    second: boolean;
    position: number;
    positionAbove: number;
    head: string;
    defaultPosition: string;
  }
}

declare module "../../site/app/operated-figure.js" {
  interface OperatedFigure {
    position: number;
    controlSeed: number;
    request: any;
    promptIds: number[];
    tokens: any[];
    isWriting: boolean;
    key: string;
    chosen: any[];
    possible: any[];
    compared: any[] | null;
    written: any;
    finished: string | null;
    writeError: Error | null;
    effect: any;
    failure: Error | null;
  }
}

declare module "../../site/app/lab-choice.js" {
  interface LabChoice {
    text: any;
    tokens: any;
    settings: any;
  }
}
