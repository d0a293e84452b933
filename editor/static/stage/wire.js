/** What crosses to Python and back. The only file that knows event names; messages.d.ts has the types. */

import { randomId } from "../common/random.js";
import { WORDS } from "./wording.js";

/** @typedef {import("../common/messages").From} From */
/** @typedef {From["how"]} How */
/** @typedef {Omit<Required<import("../common/messages").Intent>, "mode" | "extend"> & {mode: string, extend: number[]}}
 * Intent with all that it can say */
/** @typedef {import("../common/messages").Message} Message */
/** @typedef {import("../common/messages").Open} Open */
/** @typedef {import("../common/messages").Head} Head */
/** @typedef {import("../common/messages").Step} Step */
/** @typedef {import("../common/messages").Result} Result */
/** @typedef {import("../common/messages").Alternatives} Alternatives */
/** @typedef {import("../common/messages").Stopped} Stopped */
/** @typedef {Pick<import("../common/messages").Notice, "kind" | "level" | "message" | "gone"> & {unanswered?: boolean}}
 * Notice of the server, or of this page in its place */
/** @typedef {import("../common/messages").Export} ExportOrder */
/** @typedef {import("../common/messages").Events} Events */

const PATIENCE_FOR_ANSWER = 20000; // ms; a wait always ends
const PATIENCE_TO_REOPEN = 6000; // this browser has its own copy of what is asked for
const LONG_PATIENCE = 180000; // large files, and what the nets have a part in

/** What comes instead of an answer that does not come. @returns {Notice} */
function noAnswer() {
  return { kind: "notice", level: "error", message: WORDS.noAnswer, unanswered: true };
}

export class Wire {
  /**
   * @param {<Name extends keyof Events>(name: Name, data: Events[Name] & {ask?: string}) => void} trigger
   * @param {any} props @param {any} server
   * @param {(name: string, callback: () => void) => void} watch
   */
  constructor(trigger, props, server, watch) {
    this.trigger = trigger;
    this.props = props;
    this.server = server;
    this.watch = watch;
    this.rev = /** @type {unknown} */ (null);
    /** @type {Message[]} */
    this.waiting = [];
    this.busy = false;
    /** @type {Map<string, (message: any) => void>} what was asked and not answered yet */
    this.asked = new Map();
    /** @type {import("./carrier.js").Carried | null} what the next "bring" takes along */
    this.carried = null;
    /** @type {import("./orders.js").Order | null} what the run sent last was ordered as */
    this.order = null;
  }

  /** Calls handle(message) for each new revision that answers nothing, one after the other. An answer that nobody waits
   * for any more is not heard. @param {(message: Message) => Promise<void> | void} handle */
  listen(handle) {
    const take = () => {
      const value = this.props.value;
      if (!value || typeof value !== "object" || value.rev === this.rev) return;
      this.rev = value.rev;
      if (typeof value.ask === "string") return this.asked.get(value.ask)?.(value);
      this.waiting.push(value);
      void this.drain(handle);
    };
    this.watch("value", take);
    take();
  }

  /** @param {(message: Message) => Promise<void> | void} handle */
  async drain(handle) {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let message = this.waiting.shift(); message; message = this.waiting.shift()) {
        try {
          await handle(message);
        } catch (error) {
          console.error("stage message", message.kind, error);
        }
      }
    } finally {
      this.busy = false;
    }
  }

  /** Whether a later step of that run, or its end, is here already: an earlier one need not be drawn then.
   * @param {string} run */
  later(run) {
    return this.waiting.some((each) => "run" in each && each.run === run);
  }

  /** Asks by an event that carries a new id, and waits for the message that carries it back.
   * @param {(ask: string) => void} send
   * @param {number} [patience] ms @returns {Promise<any>} a notice where no answer comes in time */
  answer(send, patience = PATIENCE_FOR_ANSWER) {
    const ask = randomId();
    return new Promise((done) => {
      const end = (/** @type {any} */ message) => {
        clearTimeout(timer);
        this.asked.delete(ask);
        done(message);
      };
      const timer = setTimeout(() => end(noAnswer()), patience);
      this.asked.set(ask, end);
      send(ask);
    });
  }

  /** @param {Intent} intent @param {import("./orders.js").Order | null} order with which settings it goes; null where
   * the controls say them */
  run(intent, order) {
    this.order = order;
    this.trigger(intent.mode === "sweep" ? "sweep" : "run", /** @type {Events["run"]} */ (intent));
  }

  /** Asks the page for the values of its controls, which it hands to `mgeStage.captured`. */
  capture() {
    this.trigger("capture", {});
  }

  /** @param {string} run */
  stop(run) {
    this.trigger("stop", { run });
  }

  /** Asks for the best frame of a stopped run as a result. @param {string | null} doc @param {string} run
   * @param {number} variation
   * @returns {Promise<Result | Notice>} */
  draft(doc, run, variation) {
    return this.answer((ask) => this.trigger("draft", { ask, doc, run, variation }), LONG_PATIENCE);
  }

  /** @param {string | null} doc @param {string} run @param {number} variation
   * @returns {Promise<Head | Notice>} */
  accept(doc, run, variation) {
    return this.answer((ask) => this.trigger("accept", { ask, doc, run, variation }));
  }

  /** @param {string | null} doc @param {number} version of it
   * @returns {Promise<Head | Notice>} */
  goto(doc, version) {
    return this.answer((ask) => this.trigger("goto", { ask, doc, version }));
  }

  /** @param {Events["frame"]} asked of a version
   * @returns {Promise<Head | Notice>} */
  frame(asked) {
    return this.answer((ask) => this.trigger("frame", { ask, ...asked }), LONG_PATIENCE);
  }

  /** Opens what was uploaded. @param {import("./carrier.js").Carried} carried @param {string} name of the file
   * @returns {Promise<Open | Notice>} */
  bring(carried, name) {
    this.carried = carried;
    return this.answer((ask) => this.trigger("bring", { ask, name }), LONG_PATIENCE);
  }

  /** Asks for what was uploaded as a mask, or for what is transparent where nothing was. @param {string | null} doc
   * @param {import("./carrier.js").Carried | null} carried
   * @returns {Promise<import("../common/messages").Painted | Notice>} */
  mask(doc, carried) {
    this.carried = carried;
    return this.answer((ask) => this.trigger("mask", { ask, doc }), LONG_PATIENCE);
  }

  /** Asks for a document of an earlier visit by its unguessable id. @param {string} doc
   * @returns {Promise<Open | Notice>} */
  reopen(doc) {
    return this.answer((ask) => this.trigger("reopen", { ask, doc }), PATIENCE_TO_REOPEN);
  }

  /** @param {string} run @param {number} variation @param {[number, number]} cell row, column
   * @param {number[][]} pins */
  inspect(run, variation, cell, pins) {
    this.trigger("inspect", { run, variation, cell, pins });
  }

  /** @param {ExportOrder} order
   * @returns {Promise<import("../common/messages").File | Notice>} */
  export(order) {
    return this.answer((ask) => this.trigger("export", { ask, ...order }), LONG_PATIENCE);
  }

  get canPlan() {
    return !!this.server && typeof this.server.plan === "function";
  }

  /** @param {Intent} intent
   * @returns {Promise<import("../common/messages").Plan>} */
  plan(intent) {
    return this.server.plan(intent);
  }

  /** Asks what a gesture on a version means.
   * @param {Partial<import("../common/messages").Select>} asked
   * @returns {Promise<import("../common/messages").Selected>} */
  select(asked) {
    return this.server.select(asked);
  }

  get canTrace() {
    return !!this.server && typeof this.server.sources === "function";
  }

  /** Asks where the pixels of a variation, {doc, run, variation}, or of a version, {doc, version}, came from.
   * @param {object} asked @returns {Promise<import("../common/messages").Sources>} */
  sources(asked) {
    return this.server.sources(asked);
  }
}
