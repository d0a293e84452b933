/** The same edit on many photos, one after the other, and the zip of what was made. Knows how each is asked for,
 * nothing of how it looks. */

import { randomId } from "../common/random.js";
import { zipped } from "../common/zip.js";
import { manifestText, outputNames, photosAmong, rowOf, variationNames } from "./photos.js";

/** @typedef {import("./photos.js").Found} Found */
/** @typedef {import("../common/messages").Message} Message */
/**
 * @typedef {Found & {output: string, state: "waits" | "works" | "made" | "failed", told: string, outputs: string[],
 *   pictures: Blob[], best: number, seconds: number}} Photo
 * pictures = those of the outputs, until a zip that was saved had to make room for the next one
 */

export const MOST_PHOTOS = 500;
const MOST_BYTES = 2e9; // of what was made: zip files end at 4 GiB
const SILENCE = 180000; // ms without a word until a photo is asked for no longer

/** @returns {any} what the stage lets the page call */
function stage() {
  return /** @type {any} */ (window).mgeStage;
}

/** A sentence with its names in braces filled in. @param {string} text @param {Record<string, any>} values */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

export class Repetition {
  /** @param {(name: "repeat" | "stop", data: object) => void} send @param {Record<string, string>} words
   * @param {() => void} changed */
  constructor(send, words, changed) {
    this.send = send;
    this.words = words;
    this.changed = changed;
    /** @type {Photo[]} */
    this.photos = [];
    /** @type {any} what is repeated, from its start on */
    this.marks = null;
    /** @type {Record<string, any> | null} the controls' values then */
    this.settings = null;
    /** @type {Blob | null} the mask as a file */
    this.mask = null;
    this.works = false; // until it is stopped, or through
    this.leading = false; // also while what was under way when it was stopped comes to its end
    this.saved = true; // all that was made
    this.told = "";
    this.run = "";
    this.timer = 0;
    /** @type {any} the upload that goes along with the next question */
    this.carried = null;
    /** @type {(message: Message | null) => void} */
    this.end = () => {};
  }

  /** @param {Photo["state"]} state */
  count(state) {
    return this.photos.filter((photo) => photo.state === state).length;
  }

  /** Why other photos cannot be chosen now, or "". @param {number} [count] */
  objection(count = 1) {
    if (this.works) return this.words.stopFirst;
    if (!this.saved) return this.words.saveFirst;
    if (!count) return this.words.noPhotos;
    return count > MOST_PHOTOS ? this.words.tooMany : "";
  }

  /** @param {Found[]} found @returns {string} why nothing of it was taken, or "" */
  take(found) {
    const photos = photosAmong(found);
    const objection = this.objection(photos.length);
    if (objection) return filled(objection, { count: photos.length, most: MOST_PHOTOS });
    const outputs = outputNames(photos.map(({ path }) => path));
    const fresh = { state: /** @type {const} */ ("waits"), told: "", pictures: [], best: 0, seconds: 0 };
    this.photos = photos.map((photo, i) => ({ ...photo, ...fresh, output: outputs[i], outputs: [] }));
    this.marks = this.settings = this.mask = null;
    this.told = "";
    return "";
  }

  // ---- one after the other ------------------------------------------------------------------------------------------

  /** Begins with what is marked now, or goes on with what was marked then. @param {boolean} best whether only the best
   * variation of each is wanted */
  async begin(best) {
    this.works = true;
    this.told = "";
    if (!this.marks) {
      const { width, height } = stage().size();
      this.marks = { ...stage().marked(), size: [width, height], best };
      this.mask = this.marks.mask && (await stage().maskFile());
    }
    if (this.full) this.makeRoom();
    if (!this.count("waits")) for (const photo of this.photos) if (photo.state === "failed") photo.state = "waits";
    if (!this.leading) await this.lead();
  }

  async lead() {
    this.leading = true;
    for (let photo = this.next(); photo; photo = this.next()) await this.one(photo);
    this.leading = this.works = false;
    this.changed();
  }

  /** @returns {Photo | undefined} */
  next() {
    if (this.full) this.told ||= this.words.full;
    return this.works && !this.full ? this.photos.find(({ state }) => state === "waits") : undefined;
  }

  /** @param {Photo} photo */
  async one(photo) {
    this.become(photo, { state: "works", told: "" });
    try {
      this.carried = await stage().carry(photo.file, () => {});
      const answer = this.works ? await this.asked() : null;
      if (answer?.kind === "repeated") {
        const pictures = await Promise.all(answer.urls.map((url) => stage().download(url)));
        const { best, seconds, told } = answer;
        this.saved = false;
        const outputs = variationNames(photo.output, pictures.length);
        this.become(photo, { state: "made", pictures, outputs, best, seconds, told });
      } else if (answer?.kind === "notice") this.become(photo, { state: "failed", told: answer.message });
      else this.become(photo, { state: "waits", told: "" });
    } catch (error) {
      const { cause, message } = /** @type {Error} */ (error);
      if (cause) return this.become(photo, { state: "failed", told: message }); // this one is not taken
      this.become(photo, { state: "waits", told: "" });
      this.pause(this.words.noAnswer);
    }
  }

  /** @param {Photo} photo @param {Partial<Photo>} facts */
  become(photo, facts) {
    Object.assign(photo, facts);
    this.changed();
  }

  /** Asks for the photo that was brought. @returns {Promise<Message | null>} null where it was stopped */
  asked() {
    this.run = randomId();
    return new Promise((done) => {
      this.end = (message) => {
        clearTimeout(this.timer);
        this.end = () => {};
        this.run = "";
        done(message);
      };
      this.patient();
      this.send("repeat", { v: 2, doc: null, from: null, ...this.marks, version: null, run: this.run });
    });
  }

  patient() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.pause(this.words.noAnswer), SILENCE);
  }

  /** @param {any} message from the server */
  hear(message) {
    if (!this.run || message?.run !== this.run) return;
    this.patient();
    const photo = this.photos.find(({ state }) => state === "works");
    if (message.kind === "stopped") this.end(null);
    else if (message.kind !== "alive" && message.kind !== "waiting") this.end(message);
    else if (photo) {
      const told = message.kind === "waiting" ? filled(this.words.inLine, message) : "";
      if (told !== photo.told) this.become(photo, { told });
    }
  }

  /** What the server is given: the upload, and the controls as they were at the start. @param {string[]} names
   * @param {any[]} now @returns {any[]} */
  inputs(names, now) {
    const settings = this.settings ?? Object.fromEntries(names.map((name, i) => [name, now[i]]));
    this.settings = settings;
    return names.map((name) => (name === "carrier" ? this.carried : settings[name]));
  }

  /** @param {string} told why */
  pause(told) {
    this.works = false;
    this.told = told;
    if (this.run) this.send("stop", { run: this.run });
    this.end(null);
    this.changed();
  }

  // ---- what was made ------------------------------------------------------------------------------------------------

  get full() {
    return (
      this.photos.reduce((sum, { pictures }) => sum + pictures.reduce((n, { size }) => n + size, 0), 0) > MOST_BYTES
    );
  }

  makeRoom() {
    for (const photo of this.photos) photo.pictures = [];
  }

  /** @returns {Promise<Blob>} a zip of what was made, the mask, and the table of all that was tried */
  zip() {
    const mask = this.mask ? "mask.png" : "";
    const tried = this.photos.filter(({ state }) => state === "made" || state === "failed");
    const made = tried.flatMap(({ outputs, pictures }) => pictures.map((data, i) => ({ name: outputs[i], data })));
    const others = [
      { name: "manifest.csv", data: new Blob([manifestText(tried.map((each) => rowOf({ ...each, mask })))]) },
    ];
    if (this.mask)
      others.push({ name: made.some(({ name }) => name === mask) ? `the ${mask}` : mask, data: this.mask });
    return zipped([...others, ...made]);
  }
}
