/** Crop, turn, straighten: what is chosen before it is done. Knows the frame and what is asked for, not how it looks or
 * how pixels move. */

import { largest, pulled, refitted } from "./framing.js";
import { placedBox, turnedIn } from "./placing.js";
import { handleAt } from "./tools.js";
import { SHAPES, WORDS } from "./wording.js";

/** @typedef {import("./tools.js").Point} Point */

const LEAP = 10; // pixels of a step with Shift

export class Cropper {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.before = ""; // the tool to go back to
    /** @type {number[] | null} the frame as it was drawn by hand; null until it was */
    this.drawn = null;
    this.size = ""; // of the picture that the frame is for
  }

  /** The tool is about to be this one. @returns {boolean} whether it can be */
  begin() {
    const { stage } = this;
    if (stage.tool === "crop") return false;
    if (!stage.picture || stage.versions.pending) return false;
    if (stage.running) stage.panel.toast(WORDS.stillRunning);
    if (stage.running) return false;
    stage.comparison.end();
    stage.choice.aside();
    this.before = stage.tool;
    return true;
  }

  /** Whatever the stage shows now, a frame is there if one can be drawn. */
  follow() {
    const { stage } = this;
    const { mask, crop } = stage;
    if (stage.tool !== "crop") return crop ? stage.change({ crop: null }) : undefined;
    if (!stage.picture || !mask || stage.running || stage.review || stage.comparison.on) return this.leave();
    const size = `${mask.width} ${mask.height}`;
    if (crop && size === this.size) return;
    this.size = size;
    this.drawn = null;
    stage.change({ crop: { box: [0, 0, mask.width, mask.height], degrees: 0, aspect: "free" } });
  }

  /** Back to the tool before; nothing is done. */
  leave() {
    const { stage } = this;
    const tools = stage.toolsHere();
    stage.change({ crop: null, tool: tools.includes(this.before) ? this.before : tools[0] });
  }

  /** @returns {import("./framing.js").Sheet} */
  get sheet() {
    const { mask, crop, limits } = this.stage;
    const { width, height } = /** @type {import("./mask.js").Mask} */ (mask);
    return { width, height, degrees: crop?.degrees ?? 0, least: limits.least };
  }

  /** Width / height that the frame keeps to. @returns {number | null} */
  get aspect() {
    const { crop } = this.stage;
    if (!crop || crop.aspect === "free") return null;
    return SHAPES[crop.aspect].aspect ?? this.sheet.width / this.sheet.height;
  }

  /** @param {Partial<NonNullable<import("./state.js").State["crop"]>>} values */
  set(values) {
    const { crop } = this.stage;
    if (crop) this.stage.change({ crop: { ...crop, ...values } });
  }

  /** @param {string} aspect of `SHAPES` */
  setShape(aspect) {
    this.set({ aspect });
    if (aspect === "free") return;
    this.drawn = null;
    this.set({ box: largest(this.sheet, this.aspect) });
  }

  /** @param {number} degrees */
  straighten(degrees) {
    const { degrees: most } = this.stage.limits;
    this.set({ degrees: Math.round(10 * Math.min(Math.max(degrees, -most), most)) / 10 });
    const { sheet, aspect, drawn } = this;
    this.set({ box: drawn ? refitted(sheet, drawn, aspect) : largest(sheet, aspect) });
  }

  /** Moves a handle, or the frame where the handle is "". @param {string} handle @param {number[]} box as it was
   * @param {number} dx @param {number} dy */
  pull(handle, box, dx, dy) {
    this.drawn = pulled(this.sheet, box, handle, dx, dy, this.aspect);
    this.set({ box: this.drawn });
  }

  /** The same by a key. @param {string} handle @param {number} across -1, 0 or 1 @param {number} down
   * @param {boolean} far */
  nudge(handle, across, down, far) {
    const { crop } = this.stage;
    if (crop) this.pull(handle, crop.box, across * (far ? LEAP : 1), down * (far ? LEAP : 1));
  }

  /** @param {Point} first @returns {import("./tools.js").Drag | null} */
  drag(first) {
    const { crop } = this.stage;
    if (!crop) return null;
    const { box } = crop;
    const handle = handleAt(box, first);
    const inside = first.x >= box[0] && first.x < box[2] && first.y >= box[1] && first.y < box[3];
    if (!handle && !inside) return null;
    const was = this.drawn;
    return {
      move: (point) => this.pull(handle, box, Math.round(point.x - first.x), Math.round(point.y - first.y)),
      up: () => {},
      cancel: () => {
        this.drawn = was;
        this.set({ box });
      },
    };
  }

  /** Crops, and straightens where an angle is chosen. */
  async apply() {
    const { stage } = this;
    const { crop } = stage;
    if (!crop || stage.versions.pending) return;
    const { width, height } = this.sheet;
    if (!crop.degrees && String(crop.box) === String([0, 0, width, height])) return stage.panel.toast(WORDS.fillsFrame);
    if (await stage.versions.frame({ turn: 0, degrees: crop.degrees, box: crop.box })) this.leave();
  }

  /** Turns or mirrors the picture at once; the frame goes along. @param {number} turn see placing.js */
  async turn(turn) {
    const { stage } = this;
    const { crop } = stage;
    const { drawn } = this;
    if (!crop || !(await stage.versions.frame({ turn, degrees: 0, box: null })) || !stage.crop) return;
    const { width, height } = this.sheet; // as it is now
    const placing = turn % 2 ? turnedIn(turn, height, width) : turnedIn(turn, width, height);
    this.drawn = drawn && placedBox(placing, drawn);
    const degrees = turn >= 4 ? 0 - crop.degrees : crop.degrees;
    const aspect = turn % 2 && crop.aspect !== "original" ? turnedShape(crop.aspect) : crop.aspect;
    this.set({ box: placedBox(placing, crop.box), degrees, aspect });
  }
}

/** @param {string} aspect of `SHAPES` @returns {string} the same, upright or lying */
function turnedShape(aspect) {
  const other = aspect.split(":").reverse().join(":");
  return other in SHAPES ? other : "free";
}
