/** Where the pixels on show came from: asked of the server once a picture, looked up here. Knows no cells, no runs. */

import { label } from "./guides.js";
import { copiedFrom, WORDS } from "./wording.js";

/** @typedef {{box: number[], ways: Int32Array}} Layer
 * of one edit: the ways down of all pixels in the box, then those to the right */
/** @typedef {{layers: Layer[], whole: boolean}} Origins
 * newest edit first; whole = a pixel of none of them is as it was opened */
/** @typedef {{kind: "copied" | "model" | "photo" | "unknown" | "nothing", way: number[]}} Origin
 * way = to its source, x and y; nothing = no edit is shown, or nobody can be asked */
/** @typedef {{key: string, ask: object, offset: number[], size: number[]}} Shown
 * a picture as the server knows it, and where its canvas begins */

const WAY_KEPT = -(2 ** 31); // editor/documents/sources.py
const WAY_MODEL = WAY_KEPT + 1;
const MOST_ORIGINS = 8; // pictures of which the origins stay at hand
const SOURCE_PATCH = 9; // pixels about the source that are shown as one

/** What the server told, ready to be looked up. @param {{layers: {box: number[], data: string}[], whole: boolean}} told
 * @returns {Promise<Origins>} */
export async function unpackedOrigins({ layers, whole }) {
  const unpack = async (/** @type {string} */ data) => {
    const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Int32Array(await new Response(plain).arrayBuffer());
  };
  return { layers: await Promise.all(layers.map(async ({ box, data }) => ({ box, ways: await unpack(data) }))), whole };
}

/** @param {Origins} origins @param {number} x whole pixels of the picture @param {number} y @returns {Origin} */
export function originAt({ layers, whole }, x, y) {
  for (const { box, ways } of layers) {
    const [left, top, right, bottom] = box;
    if (x < left || y < top || x >= right || y >= bottom) continue;
    const at = (y - top) * (right - left) + x - left;
    if (ways[at] === WAY_MODEL) return { kind: "model", way: [0, 0] };
    if (ways[at] !== WAY_KEPT) return { kind: "copied", way: [ways[ways.length / 2 + at], ways[at]] };
  }
  return { kind: whole ? (layers.length ? "photo" : "nothing") : "unknown", way: [0, 0] };
}

export class Sources {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {[number, number] | null} picture pixels, where the inspector points */
    this.point = null;
    /** @type {Map<string, Promise<Origins | null>>} in the order of use */
    this.asked = new Map();
    /** @type {{key: string, origins: Origins | null} | null} those of the picture shown last */
    this.here = null;
  }

  /** What is on show. @returns {Shown | null} */
  get shown() {
    const { doc, review, versions, timeline, decoding, mask } = this.stage;
    if (timeline.back || decoding || !doc || !this.stage.wire.canTrace) return null;
    if (review) {
      const { outcome, place: variation } = review.current;
      const ask = { doc, run: outcome.run, variation };
      return { key: JSON.stringify(ask), ask, offset: review.offset, size: [review.width, review.height] };
    }
    const version = versions.shown;
    if (version === null || !mask) return null;
    const ask = { doc, version };
    return { key: JSON.stringify(ask), ask, offset: [0, 0], size: [mask.width, mask.height] };
  }

  /** @param {Shown} shown @returns {Promise<Origins | null>} null where the server does not answer */
  origins({ key, ask }) {
    const fetched = async () => {
      try {
        return await unpackedOrigins(await this.stage.wire.sources(ask));
      } catch {
        this.asked.delete(key); // so that it is asked again
        return null;
      }
    };
    const found = this.asked.get(key) || fetched();
    this.asked.delete(key);
    this.asked.set(key, found);
    if (this.asked.size > MOST_ORIGINS) this.asked.delete(/** @type {string} */ (this.asked.keys().next().value));
    return found;
  }

  /** @param {[number, number] | null} point picture pixels, where the inspector points now */
  pointAt(point) {
    this.point = point;
    this.stage.tell("sources");
  }

  /** Points at a pixel and says where it came from. @param {number} x picture pixels @param {number} y
   * @returns {Promise<Origin>} */
  async look(x, y) {
    this.pointAt([x, y]);
    const { shown, stage } = this;
    if (!shown) return { kind: "nothing", way: [0, 0] };
    const origins = await this.origins(shown);
    this.here = { key: shown.key, origins };
    stage.tell("sources");
    const origin = this.at(origins, shown, x, y);
    if (origin.kind === "copied" || origin.kind === "model") stage.panel.say(this.told(origin));
    return origin;
  }

  /** @param {Origins | null} origins @param {Shown} shown @param {number} x @param {number} y @returns {Origin} */
  at(origins, { offset, size }, x, y) {
    const [column, row] = [Math.floor(x) + offset[0], Math.floor(y) + offset[1]];
    const inside = column >= 0 && row >= 0 && column < size[0] && row < size[1];
    if (!inside) return { kind: "nothing", way: [0, 0] };
    return origins ? originAt(origins, column, row) : { kind: "unknown", way: [0, 0] };
  }

  /** @param {Origin} origin that was painted */
  told({ kind, way }) {
    return kind === "model" ? WORDS.byModel : copiedFrom(Math.hypot(way[0], way[1]));
  }

  /** Draws the line from the pixel that the inspector points at to its source.
   * @param {CanvasRenderingContext2D} pen CSS pixels @param {import("./guides.js").Guides} guides */
  draw(pen, guides) {
    const { point, shown, stage } = this;
    if (!point || !shown) return;
    if (!this.here || this.here.key !== shown.key) {
      // Asked once; what is drawn next finds it here.
      void this.origins(shown).then((origins) => {
        if (this.here && this.here.key === shown.key) return;
        this.here = { key: shown.key, origins };
        stage.tell("sources");
      });
      return;
    }
    const origin = this.at(this.here.origins, shown, point[0], point[1]);
    if (origin.kind !== "copied" && origin.kind !== "model") return;
    const [x, y] = [Math.floor(point[0]) + 0.5, Math.floor(point[1]) + 0.5];
    const from = stage.view.toScreen(x, y);
    const to = stage.view.toScreen(x + origin.way[0], y + origin.way[1]);
    pen.beginPath();
    if (origin.kind === "copied") {
      const half = Math.max((SOURCE_PATCH / 2) * stage.view.scale, 5);
      pen.moveTo(...from);
      pen.lineTo(...to);
      pen.rect(to[0] - half, to[1] - half, 2 * half, 2 * half);
    }
    pen.moveTo(from[0] + 4, from[1]);
    pen.arc(from[0], from[1], 4, 0, 2 * Math.PI);
    guides.outline(pen, "#f0e442", 1.5);
    const below = to[1] < from[1];
    label(pen, [from[0] - 60, from[1] - 8, from[0] + 60, from[1] + 8], this.told(origin), below, 120);
  }
}
