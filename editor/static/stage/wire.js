/** What crosses to Python and back. The only file that knows event names, message kinds and the shape of an intent. */

/** @typedef {{width: number, height: number, runs: number[]}} WireMask */
/**
 * @typedef {{v: 1, doc: string | null, mode: string, mask: WireMask | null, box: number[] | null, extend: number[],
 *   run: string}} Intent
 */

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
      // A step that nobody has drawn yet is out of date as soon as the next one is here.
      this.waiting = this.waiting.filter((each) => !(each.kind === "step" && each.run === value.run));
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

  /** @param {Intent} intent */
  run(intent) {
    this.trigger("run", intent);
  }

  /** @param {string} run */
  stop(run) {
    this.trigger("stop", { run });
  }

  /** @param {string} run @param {number} variation */
  accept(run, variation) {
    this.trigger("accept", { run, variation });
  }

  /** @param {string} run */
  discard(run) {
    this.trigger("discard", { run });
  }

  undoAccept() {
    this.trigger("undo_accept", {});
  }

  redoAccept() {
    this.trigger("redo_accept", {});
  }

  get canPlan() {
    return !!this.server && typeof this.server.plan === "function";
  }

  /** @param {Intent} intent @returns {Promise<{windows: number[][], cells: string[], passes: number, seconds: number | null}>} */
  plan(intent) {
    return this.server.plan(intent);
  }
}
