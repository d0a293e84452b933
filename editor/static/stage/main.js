/** Starts the stage in its component and lays out what the page's own script and the tests may call. Holds no state. */

import { carry } from "./carrier.js";
import { hookOf } from "./hook.js";
import { writeMaskFile } from "./maskfile.js";
import { download } from "./picture.js";
import { Stage } from "./stage.js";
import { Wire } from "./wire.js";

/**
 * Starts the stage in a gr.HTML component; the arguments are those that Gradio gives to js_on_load.
 * @param {HTMLElement} host @param {(name: string, data: object) => void} trigger @param {any} props
 * @param {any} server
 * @param {(name: string, callback: () => void) => void} watch
 */
export function main(host, trigger, props, server, watch) {
  const root = /** @type {HTMLElement} */ (host.querySelector(".mge"));
  const wire = new Wire(trigger, props, server, watch);
  const stage = new Stage(root, wire, typeof props.model === "string" ? props.model : null);
  const page = /** @type {any} */ (window);
  page.mgeStage = {
    run: () => stage.run(),
    stop: () => stage.stop(),
    setMode: (/** @type {string} */ mode) => stage.setMode(mode),
    setExtend: (/** @type {number[]} */ sides) => stage.marks.setExtend(sides),
    downloadMask: () => stage.files.downloadMask(),
    importMask: (/** @type {File} */ file) => stage.files.importMask(file),
    setOverlay: (/** @type {number} */ opacity) => stage.painter.setOpacity(opacity),
    help: () => stage.help.show(),
    showFeather: (/** @type {number | null} */ pixels, /** @type {boolean} */ finishes) =>
      stage.painter.showFeather(pixels, finishes),
    say: (/** @type {string} */ text, /** @type {"info" | "error"} */ level) => stage.panel.toast(text, level),
    openFile: (/** @type {File} */ file) => stage.files.openFile(file),
    openWith: (/** @type {(ask: string) => void} */ send) => stage.files.openWith(send),
    askFor: (/** @type {(ask: string) => void} */ send) => stage.receiver.askFor(send),
    carried: () => wire.carried,
    carry,
    download,
    marked: () => stage.runner.marked(),
    objection: () => stage.runner.objection(),
    maskFile: () => stage.mask && writeMaskFile(stage.mask),
    captured: (/** @type {string[]} */ names, /** @type {any[]} */ now) => stage.queue.captured(names, now),
    settings: (/** @type {string[]} */ names, /** @type {any[]} */ now) => stage.queue.settings(wire.order, names, now),
    intent: () => stage.intent(),
    pulling: () => stage.dragging,
    swept: () => stage.runner.swept(),
    export: () => stage.export(),
    size: () => (stage.mask ? { width: stage.mask.width, height: stage.mask.height } : null),
  };
  page.__mge = hookOf(stage);
  root.dataset.ready = "true";
}
