/** What crosses to Python and back. The only file that knows event names, message kinds and the shape of an intent. */

/** @typedef {import("./mask.js").WireMask} WireMask */
/** @typedef {"branch" | "weakest" | "pins" | "more" | "baseline"} How */
/**
 * @typedef {{run: string, variation: number, step: number, how: How, share?: number, pins?: number[][]}} From
 * what a run starts from: tokens of an earlier one, whose geometry it takes over; pins are [cell, code] each
 */
/**
 * @typedef {{v: 2, doc: string | null, mode: string, mask: WireMask | null, box: number[] | null, extend: number[],
 *   window: number[] | null, run: string, from: From | null, model: string | null}} Intent
 */
/** @typedef {{format: string, quality: number, run?: string, variation?: number, state?: object}} ExportOrder */

/** @returns {string} 16 hex digits */
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Wire {
  /**
   * @param {(name: string, data: object) => void} trigger @param {any} props @param {any} server
   * @param {(name: string, callback: () => void) => void} watch
   */
  constructor(trigger, props, server, watch) {
    this.trigger = trigger;
    this.props = props;
    this.server = server;
    this.watch = watch;
    this.rev = /** @type {unknown} */ (null);
    /** @type {any[]} */
    this.waiting = [];
    this.busy = false;
  }

  /** Calls handle(message) for each new revision, one after the other. @param {(message: any) => Promise<void> | void} handle */
  listen(handle) {
    const take = () => {
      const value = this.props.value;
      if (!value || typeof value !== "object" || value.rev === this.rev) return;
      this.rev = value.rev;
      this.waiting.push(value);
      void this.drain(handle);
    };
    this.watch("value", take);
    take();
  }

  /** @param {(message: any) => Promise<void> | void} handle */
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

  /** Whether a later step of that run, or its end, is here already: an earlier one need not be drawn then. @param {string} run */
  later(run) {
    return this.waiting.some((each) => each.run === run);
  }

  /** @param {Intent} intent */
  run(intent) {
    this.trigger("run", intent);
  }

  /** @param {string} run */
  stop(run) {
    this.trigger("stop", { run });
  }

  /** Asks for the best frame of a stopped run as a result. @param {string} run @param {number} variation */
  draft(run, variation) {
    this.trigger("draft", { run, variation });
  }

  /** @param {string} run @param {number} variation */
  accept(run, variation) {
    this.trigger("accept", { run, variation });
  }

  /** @param {number} version of the open document */
  goto(version) {
    this.trigger("goto", { version });
  }

  /** Asks for a document of an earlier visit by its unguessable id. @param {string} doc @param {string} name */
  reopen(doc, name) {
    this.trigger("reopen", { doc, name });
  }

  /** @param {string} run @param {number} variation @param {[number, number]} cell row, column @param {number[][]} pins */
  inspect(run, variation, cell, pins) {
    this.trigger("inspect", { run, variation, cell, pins });
  }

  /** @param {ExportOrder} order */
  export(order) {
    this.trigger("export", order);
  }

  get canPlan() {
    return !!this.server && typeof this.server.plan === "function";
  }

  /** @param {Intent} intent @returns {Promise<{windows: number[][], cells: string[], passes: number, seconds: number | null}>} */
  plan(intent) {
    return this.server.plan(intent);
  }
}
