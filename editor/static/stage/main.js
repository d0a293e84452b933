/** Starts the stage in its component and lays out what the page's own script and the tests may call. Holds no state. */

import { Stage } from "./stage.js";
import { Wire } from "./wire.js";

/**
 * Starts the stage in a gr.HTML component; the arguments are those that Gradio gives to js_on_load.
 * @param {HTMLElement} host @param {(name: string, data: object) => void} trigger @param {any} props @param {any} server
 * @param {(name: string, callback: () => void) => void} watch
 */
export function main(host, trigger, props, server, watch) {
  const root = /** @type {HTMLElement} */ (host.querySelector(".mge"));
  const wire = new Wire(trigger, props, server, watch);
  const stage = new Stage(root, wire);
  const page = /** @type {any} */ (window);
  page.mgeStage = {
    run: () => stage.run(),
    stop: () => stage.stop(),
    setMode: (/** @type {string} */ mode) => stage.setMode(mode),
    setExtend: (/** @type {number[]} */ sides) => stage.setExtend(sides),
    downloadMask: () => stage.files.downloadMask(),
    importMask: (/** @type {File} */ file) => stage.files.importMask(file),
    setOverlay: (/** @type {number} */ opacity) => stage.painter.setOpacity(opacity),
    help: () => stage.help.show(),
    openFile: (/** @type {File} */ file) => stage.files.openFile(file),
    intent: () => stage.intent(),
    export: () => stage.export(),
    size: () => (stage.mask ? { width: stage.mask.width, height: stage.mask.height } : null),
  };
  page.__mge = {
    ready: true,
    maskHash: () => (stage.mask ? stage.mask.hash() : ""),
    maskRuns: () => (stage.mask ? stage.mask.wire().runs : []),
    loadMask: (/** @type {number[]} */ runs, /** @type {number[]} */ values) =>
      stage.mask && stage.mask.load({ width: stage.mask.width, height: stage.mask.height, runs, values }),
    cells: () => {
      stage.planner.replan();
      const { passes } = stage.plan;
      if (!passes.length) return null;
      const { window, grid, cells } = passes[0];
      return { window, grid, cells: Array.from(cells), passes: passes.length };
    },
    passes: () => stage.plan.passes.map(({ window, grid, cells }) => ({ window, grid, cells: Array.from(cells) })),
    state: () => stage.summary(),
    timeline: () => {
      const { timeline } = stage;
      const { trace, variation } = timeline;
      const at = timeline.position ?? timeline.length;
      const list = (/** @type {Float32Array | null} */ values) => values && Array.from(values);
      return trace && { steps: trace.moments.map(({ step, run }) => ({ step, run })), order: list(trace.order(at, variation)), sureness: list(trace.sureness(at, variation)) };
    },
    go: (/** @type {number} */ position) => stage.timeline.go(position),
    frames: () => ({ ...stage.renderer.frames }),
    resetFrames: () => Object.assign(stage.renderer.frames, { count: 0, total: 0, worst: 0, last: 0 }),
  };
  root.dataset.ready = "true";
}
