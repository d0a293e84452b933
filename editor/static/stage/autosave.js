/** Writes what is on the stage to this browser's store, so that a reload or a crash loses nothing. Knows no way back;
 * sessions.js does. */

import { download } from "./picture.js";
import { WORDS } from "./wording.js";

/** @typedef {import("./lineage.js").Version} Version */
/** @typedef {Omit<Version, "blob" | "tile" | "stored">} StoredVersion */
/**
 * @typedef {{id: string, savedAt: number, doc: string | null, name: string, format?: string, mode: string,
 *   box: number[] | null, extend: number[], window: number[] | null, mask: import("./mask.js").WireMask | null,
 *   last?: import("./mask.js").WireMask | null,
 *   head: number | null, next: number, versions: StoredVersion[], history?: import("./history.js").StoredHistory,
 *   reviews: import("./review.js").StoredReview[], reviewed: number,
 *   queue?: import("./orders.js").StoredOrder[]}} Session
 * one document and all that was done with it; last = the mask that was run or cleared last; reviewed = which of the
 * reviews is shown, or -1; queue = edits that run or wait
 */

const DELAY = 400; // ms after the last stroke
const TILE = 160; // pixels of a version's small picture

export class Autosave {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.timer = 0;
    this.writing = 0;
    this.complained = false;
    this.gathering = false;
    /** True once there is something that is worth keeping. */
    this.touched = false;
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
    window.addEventListener("pagehide", () => this.flush());
  }

  /** Another document is on the stage. @param {boolean} touched whether it is worth keeping as it is */
  begin(touched) {
    this.touched = touched;
  }

  /** Something worth keeping has changed. */
  soon() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (!this.stage.sessions.vault) return;
    this.timer = window.setTimeout(() => void this.save(), DELAY);
  }

  /** Writes now what waits to be written. */
  flush() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    void this.save();
  }

  /** Whether all that is worth keeping is written. */
  get saved() {
    return !this.timer && !this.writing;
  }

  /** Whether what is on the stage is worth keeping: the sample of a first visit that nobody has touched is not. */
  get worthy() {
    const { history, queue, versions, runner } = this.stage;
    this.touched ||= history.done.length > 0 || versions.all.size > 1 || runner.reviews.length > 0;
    this.touched ||= queue.stored().length > 0;
    return this.touched && !!this.stage.mask;
  }

  /** @returns {Session} */
  session() {
    const { stage } = this;
    const { versions, mask, runner } = stage;
    return {
      id: stage.sessions.id,
      savedAt: Date.now(),
      doc: stage.doc,
      name: stage.name,
      format: stage.format,
      mode: stage.mode,
      box: stage.box,
      extend: stage.extend,
      window: stage.pinned,
      mask: mask?.wire() ?? null,
      last: stage.marks.last,
      head: versions.head,
      next: versions.next,
      versions: [...versions.all.values()].map(({ blob, tile, stored, ...rest }) => rest),
      history: stage.history.stored(runner.reviews),
      reviews: runner.reviews.map((each) => each.stored()),
      reviewed: stage.review ? runner.reviews.indexOf(stage.review) : -1,
      queue: stage.queue.stored(),
    };
  }

  /** Writes the session, and with it the pictures that are not in the store yet: one is never there without the
   * other. */
  async save() {
    clearTimeout(this.timer);
    this.timer = 0;
    const { sessions, versions } = this.stage;
    if (!sessions.vault || !this.worthy) return;
    if (this.stage.onward.left) return this.soon(); // what was there is whole only before and after the drawing
    const fresh = [...versions.all.values()].flatMap((version) =>
      version.blob ? [{ version, blob: version.blob }] : []
    );
    const pictures = fresh.map(({ version: { id, tile }, blob }) => ({ id, blob, tile }));
    sessions.own();
    if (!(await this.write(this.session(), pictures))) return;
    for (const { version, blob } of fresh) {
      version.stored = true;
      if (version.blob === blob) version.blob = null;
    }
    void this.gather();
  }

  /** Writes to the store; where it is full, older work makes room. @param {Session} session
   * @param {import("./vault.js").Kept[]} pictures
   * @returns {Promise<boolean>} whether it is written */
  async write(session, pictures) {
    const { sessions, panel } = this.stage;
    this.writing++;
    try {
      do {
        try {
          await /** @type {import("./vault.js").Vault} */ (sessions.vault).put(session, pictures);
          return true;
        } catch {
          // tried again as long as there is something older to let go of
        }
      } while (await sessions.dropOldest());
      if (!this.complained) panel.toast(WORDS.notSaved, "error");
      this.complained = true;
      return false;
    } finally {
      this.writing--;
    }
  }

  /** Fetches the pictures of versions that so far only the server has, one after the other. */
  async gather() {
    const { versions } = this.stage;
    if (this.gathering) return;
    this.gathering = true;
    try {
      for (const version of [...versions.all.values()]) {
        if (version.stored || version.blob || version.doc !== this.stage.doc) continue;
        const blob = await download(version.url);
        const tile = version.tile || (await smallPicture(blob));
        if (versions.all.get(version.id) !== version) return; // another document is on the stage
        version.tile = tile;
        if (!(await this.write(this.session(), [{ id: version.id, blob, tile }]))) return;
        version.stored = true;
      }
    } catch {
      // the server let go of it: what is here is all that there is
    } finally {
      this.gathering = false;
    }
  }
}

/** @param {Blob} blob @returns {Promise<Blob | null>} at most `TILE` pixels wide */
async function smallPicture(blob) {
  const bitmap = await createImageBitmap(blob, { resizeWidth: TILE, resizeQuality: "medium" });
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return new Promise((done) => canvas.toBlob(done, "image/webp", 0.85));
}
