/** Every sentence of the stage that has numbers or names in it; the others stand in `WORDS` by their names. Knows
 * nothing of state. */

import { counted, decimal, fill, grouped, SPOKEN } from "../common/words.js";

/** What the stage says without numbers, and the patterns of the rest. */
export const WORDS = SPOKEN.stage;

/** Ways to select, each with what a button's title says of it. @type {Record<string, string[]>} */
export const SELECTIONS = WORDS.selections;

/** What is found without drawing, as above. @type {Record<string, string[]>} */
export const FINDS = WORDS.finds;

/** Ways to outline, as above. @type {Record<string, string[]>} */
export const OUTLINES = WORDS.outlines;

/** A key as it is written on the keyboards of those who read it. @param {string} key as `KEYS` has it */
export function keyName(key) {
  const names = /** @type {Record<string, string>} */ (WORDS.keyNames);
  return names[key] ?? key.replace(/[^+]+(?=\+)/g, (part) => names[part] ?? part);
}

/** @param {string} key @param {string} does what it does already */
export function keyTaken(key, does) {
  return fill(WORDS.keyTaken, { key, does });
}

/** @param {number} tolerance levels */
export function toleranceOf(tolerance) {
  return fill(WORDS.toleranceOf, { tolerance });
}

/** @param {number} width @param {number} height of the picture that the last mask was painted on */
export function lastMaskElsewhere(width, height) {
  return fill(WORDS.lastMaskElsewhere, { width, height });
}

/** @param {string} letter of the variation that someone paints on @param {number} count there are to choose from */
export function wentOn(letter, count) {
  return fill(count > 1 ? WORDS.wentOn.many : WORDS.wentOn.one, { letter, count });
}

/** @param {number} x picture pixels @param {number} y */
export function crosshairAt(x, y) {
  return fill(WORDS.crosshairAt, { x, y });
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 10) return `${decimal(seconds, 1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** About how long something takes. @param {number} seconds */
export function about(seconds) {
  return fill(WORDS.about, { time: duration(seconds) });
}

/** @param {number} seconds */
export function timeLeft(seconds) {
  return fill(WORDS.timeLeft, { time: duration(seconds) });
}

/** Where a run stands in the line. @param {number} before turns that come first
 * @param {number} seconds that they take; below 1 the present one takes longer than was expected */
export function inLine(before, seconds) {
  const said = fill(WORDS.beforeYou, { before });
  if (seconds < 1) return said;
  const whole = Math.ceil(seconds);
  return `${said}, ${fill(WORDS.about, { time: whole < 10 ? `${whole} s` : duration(whole) })}`;
}

/** @param {number} unknown @param {number} total */
export function cellsSelected(unknown, total) {
  return unknown ? counted(total, WORDS.cellsSelected, { unknown }) : WORDS.noCellsSelected;
}

/** @param {number} unknown @param {number} total */
export function cellsOf(unknown, total) {
  return counted(total, WORDS.cellsOf, { unknown });
}

/** @param {number} side of the widest window @param {number} pixels */
export function windowScale(side, pixels) {
  const said = fill(WORDS.windowScale, { side, pixels });
  return side === pixels ? said : `${said} (×${decimal(pixels / side, 10 * pixels >= side ? 2 : 3)})`;
}

/** Why work was not brought back, and that it is not lost. @param {string} name @param {string} why */
export function restoreFailed(name, why) {
  const cause = why.replace(/[.:].*$/s, "");
  return fill(WORDS.restoreFailed, { name: name || WORDS.yourWork, cause });
}

/** @param {number} share 0..1 */
export function carriedShare(share) {
  return fill(WORDS.uploading, { percent: Math.round(100 * share) });
}

/** @param {string} what */
export function copiedOf(what) {
  return fill(WORDS.copied, { what });
}

/** @param {number} savedAt ms since 1970 */
export function whenOf(savedAt) {
  return new Date(savedAt).toLocaleString(SPOKEN.language.code, { dateStyle: "medium", timeStyle: "short" });
}

/** @param {string} host */
export function addressReading(host) {
  return fill(WORDS.addressReading, { host });
}

/** @param {string} host */
export function addressNotRead(host) {
  return fill(WORDS.addressNotRead, { host });
}

/** @param {string} host @param {string} seen "" where it did not say what it sends */
export function addressNoPicture(host, seen) {
  return fill(WORDS.addressNoPicture, { host, seen: seen || WORDS.noType });
}

/** @param {string} host @param {number} most megabytes */
export function addressTooLarge(host, most) {
  return fill(WORDS.addressTooLarge, { host, most });
}

/** @param {number} changed pixels outside the mask that differ from the input */
export function changedOutside(changed) {
  return fill(WORDS.changedOutside, { count: grouped(changed) });
}

/** Shapes of a crop; aspect = width / height, where it is not the picture's own.
 * @type {Record<string, {name: string, aspect?: number}>} */
export const SHAPES = {
  free: { name: WORDS.shapes.free },
  original: { name: WORDS.shapes.original },
  "1:1": { name: "1 : 1", aspect: 1 },
  "4:3": { name: "4 : 3", aspect: 4 / 3 },
  "3:2": { name: "3 : 2", aspect: 3 / 2 },
  "16:9": { name: "16 : 9", aspect: 16 / 9 },
  "3:4": { name: "3 : 4", aspect: 3 / 4 },
  "2:3": { name: "2 : 3", aspect: 2 / 3 },
  "9:16": { name: "9 : 16", aspect: 9 / 16 },
};

/** Turns that a button does at once, by the number of each (placing.js).
 * @type {{turn: number, name: string, sign: string}[]} */
export const TURNS = [
  { turn: 3, name: WORDS.turns.left, sign: "left" },
  { turn: 1, name: WORDS.turns.right, sign: "right" },
  { turn: 4, name: WORDS.turns.mirror, sign: "mirror" },
  { turn: 6, name: WORDS.turns.flip, sign: "flip" },
];

/** The handles of a crop, by the sides that they move. @type {Record<string, string>} */
export const GRIPS = WORDS.grips;

/** @param {string} grip of `GRIPS` */
export function gripName(grip) {
  return fill(WORDS.grip, { edge: GRIPS[grip] });
}

/** @param {number} degrees */
export function degreesOf(degrees) {
  return `${decimal(degrees, 1).replace("-", "−")}°`;
}

/** What became of a version. @param {import("./lineage.js").Framing} framing @param {number} width
 * @param {number} height */
export function framedAnew({ turn, degrees }, width, height) {
  const size = `${width} × ${height} px`;
  if (degrees) return fill(WORDS.straightened, { degrees: degreesOf(degrees), size });
  if (!TURNS.some((each) => each.turn === turn)) return fill(WORDS.cropped, { size });
  return turn >= 4 ? WORDS.mirrored : WORDS.turned;
}

/** @param {number} shift CIE76, between rings just inside and just outside of the border */
export function shiftOf(shift) {
  return `ΔE ${decimal(shift, 1)}`;
}

/** @param {number} known cells that the model sees @param {number} all */
export function contextOf(known, all) {
  return fill(WORDS.contextOf, { percent: Math.round((100 * known) / all) });
}

/** What the export dialog says while a variation is shown. @param {string} letter @param {number} seed */
export function exportOf(letter, seed) {
  return fill(WORDS.exportOf, { letter, seed });
}

/** What the variations can be ordered by. @type {Record<string, string>} */
export const ORDERS = WORDS.orders;

/** What the timeline can show, and what a button's title says of it. @type {Record<string, string[]>} */
export const LOOKS = WORDS.timelineLooks;

/** What the two ends of the colours mean. @type {Record<string, string[]>} */
export const LEGENDS = WORDS.legends;

/** @type {Record<string, {name: string, about: string}>} */
export const FORMATS = WORDS.formats;

/** A, B, ... Z, AA, ... @param {number} index @returns {string} */
export function letterOf(index) {
  return (index >= 26 ? letterOf(Math.floor(index / 26) - 1) : "") + String.fromCharCode(65 + (index % 26));
}

/** @param {string} letter @param {number} count of variations */
export function variationOf(letter, count) {
  return fill(WORDS.variationOf, { letter, count });
}

/** @param {number} score */
export function scoreOf(score) {
  return `${WORDS.score} ${decimal(score, 2)}`;
}

/** @param {number} fit */
export function fitOf(fit) {
  return `${WORDS.fit} ${decimal(fit, 2)}`;
}

/** @param {number} seam 1 = the border of what is new looks like the rest */
export function seamOf(seam) {
  return `${WORDS.seam} ${decimal(seam, 2)}`;
}

/** How a variation came of another. @param {import("./wire.js").From} from @param {string} letter */
export function madeFrom(from, letter) {
  const [of, without] = WORDS.madeFrom[from.how];
  return fill(letter ? of : without, { letter, step: from.step, percent: Math.round(100 * (from.share || 0)) });
}

/** What the tiles of one run stand under. @param {import("./wire.js").From | null} from @param {number} number of the
 * run that it belongs to */
export function groupName(from, number) {
  const said = from ? WORDS.groupNames[from.how] : WORDS.runNumber;
  return fill(said, { number, step: from?.step, percent: Math.round(100 * (from?.share || 0)) });
}

/** What an edit that waits is called. @param {import("./orders.js").Order} order */
export function orderName({ mode, about, settings }) {
  const parts = [/** @type {Record<string, string>} */ (WORDS.modes)[mode]];
  if (about) parts.push(about);
  if (mode !== "sweep" && settings?.variations) parts.push(counted(settings.variations, WORDS.variationCount));
  return parts.join(" · ");
}

/** @param {number} count of edits that wait @param {boolean} paused */
export function waitingTitle(count, paused) {
  return counted(count, paused ? WORDS.editsOnHold : WORDS.editsWait);
}

/** @param {string} name of an edit that waits from now on @param {number} place in the list */
export function waitsBehind(name, place) {
  return place === 1 ? fill(WORDS.waitsBehindRun, { name }) : counted(place - 1, WORDS.waitsBehind, { name });
}

/** @param {string} name @param {number} place @param {number} count */
export function movedTo(name, place, count) {
  return fill(WORDS.movedTo, { name, place, count });
}

/** @param {string} group of variations in the dock */
export function landed(group) {
  return fill(WORDS.landed, { group });
}

/** @param {number} count */
export function clearedRest(count) {
  return counted(count, WORDS.clearedRest);
}

/** @param {number} step @param {number} steps @param {[number, number] | null} window index and count */
export function stepOf(step, steps, window) {
  const said = fill(WORDS.stepOf, { step, steps });
  return window ? `${said} · ${fill(WORDS.windowOf, { window: window[0] + 1, windows: window[1] })}` : said;
}

/** @param {number} percent */
export function weakestShare(percent) {
  return fill(WORDS.weakestShare, { percent });
}

/** @param {number} row @param {number} column */
export function cellName(row, column) {
  return fill(WORDS.cellName, { row: row + 1, column: column + 1 });
}

/** @param {number} far pixels to its source */
export function copiedFrom(far) {
  return fill(WORDS.copiedFrom, { far: Math.round(far) });
}

/** @param {number} probability 0..1 */
export function alternativeOf(probability) {
  const percent = 100 * probability;
  return percent >= 0.1 ? `${decimal(percent, percent < 10 ? 1 : 0)} %` : `< ${decimal(0.1, 1)} %`;
}

/** @param {number} id @param {number} width @param {number} height @param {boolean} first */
export function versionName(id, width, height, first) {
  return fill(first ? WORDS.versionOpened : WORDS.versionNumber, { id, width, height });
}

/** @param {string} name of a colour */
export function overlayIn(name) {
  return fill(WORDS.overlayIn, { colour: /** @type {Record<string, string>} */ (WORDS.tints)[name] });
}

/** @param {number} bytes */
export function bytesText(bytes) {
  if (bytes < 1000) return fill(WORDS.bytes, { bytes });
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${decimal(bytes / 1e6, 1)} MB`;
}
