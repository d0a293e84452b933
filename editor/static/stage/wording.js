/** Every sentence the stage says, those without numbers by their names. Knows nothing of state. */

/** What needs no numbers, from words.json: it comes beside the script, as the words of another language would.
 * @type {typeof import("./words.json")} */
export const WORDS = /** @type {any} */ ({});

/** @param {typeof WORDS} words everything that the stage says without numbers */
export function speak(words) {
  Object.assign(WORDS, words);
}

/** Ways to select, each with what a button's title says of it. @type {Record<string, [string, string]>} */
export const SELECTIONS = {
  box: ["Box", "Drag a box around an object; Shift adds, Alt takes away"],
  scribble: ["Scribble", "Draw a line over an object; Shift adds, Alt takes away"],
  alike: ["Like colours", "Press, and drag to the side for more or less; Shift adds, Alt takes away"],
};

/** What is found without drawing, as above. @type {Record<string, [string, string]>} */
export const FINDS = {
  sky: ["Sky", "Select a blue sky; Shift adds, Alt takes away"],
  rim: ["Rim", "Select the plain rim of a scanned photo; Shift adds, Alt takes away"],
};

/** Ways to outline, as above. @type {Record<string, [string, string]>} */
export const OUTLINES = {
  free: ["Freehand", "Draw around it; Alt or the right button takes away"],
  corners: ["Corners", "Click corner after corner, and the first one to close; Alt or the right button takes away"],
};

/** @param {string} key @param {string} does what it does already */
export function keyTaken(key, does) {
  return `${key} is taken (${does}): choose another key, or give that one up first.`;
}

/** @param {number} tolerance levels */
export function toleranceOf(tolerance) {
  return `Tolerance ${tolerance}`;
}

/** @param {number} width @param {number} height of the picture that the last mask was painted on */
export function lastMaskElsewhere(width, height) {
  return `The last mask was painted on ${width} × ${height} px: go to a version of that size (V) to have it again.`;
}

/** @param {number} n @param {string} one @param {string} [many] */
export function counted(n, one, many = `${one}s`) {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** @param {string} letter of the variation that someone paints on @param {number} count there are to choose from */
export function wentOn(letter, count) {
  const back = count > 1 ? `goes back to all ${count}` : "goes back to it";
  return `Variation ${letter} is the picture now; Ctrl+Z ${back}.`;
}

/** @param {number} x picture pixels @param {number} y */
export function crosshairAt(x, y) {
  return `Crosshair at ${x}, ${y}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** Where a run stands in the line. @param {number} before turns that come first
 * @param {number} seconds that they take; below 1 the present one takes longer than was expected */
export function inLine(before, seconds) {
  const about = seconds < 1 ? "" : `, about ${duration(Math.ceil(seconds)).replace(".0", "")}`;
  return `${before} before you${about}`;
}

/** @param {number} unknown @param {number} total */
export function cellsSelected(unknown, total) {
  return unknown ? `${unknown} of ${counted(total, "cell")} selected` : "No cells selected";
}

/** @param {number} side of the widest window @param {number} pixels */
export function windowScale(side, pixels) {
  const times = (pixels / side).toFixed(10 * pixels >= side ? 2 : 3);
  return `${side} px seen at ${pixels} px${side === pixels ? "" : ` (×${times})`}`;
}

/** Why work was not brought back, and that it is not lost. @param {string} name @param {string} why */
export function restoreFailed(name, why) {
  const cause = why.replace(/[.:].*$/s, "");
  return `${name || "Your work"} could not be brought to the server (${cause}), but it is still in this browser.`;
}

/** @param {number} share 0..1 */
export function carriedShare(share) {
  return `Uploading, ${Math.round(100 * share)} %`;
}

/** @param {string} what */
export function copiedOf(what) {
  return `${what} is on the clipboard.`;
}

/** @param {number} savedAt ms since 1970 */
export function whenOf(savedAt) {
  return new Date(savedAt).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** @param {string} host */
export function addressReading(host) {
  return `Reading the picture from ${host} …`;
}

/** @param {string} host */
export function addressNotRead(host) {
  return `${host} cannot be reached or lets no other page read its pictures: save the picture as a file and open that.`;
}

/** @param {string} host @param {string} seen */
export function addressNoPicture(host, seen) {
  return `${host} answered with ${seen}, not with a picture: copy the address of the picture itself.`;
}

/** @param {string} host @param {number} most megabytes */
export function addressTooLarge(host, most) {
  return `The picture at ${host} has more than ${most} MB: save a smaller copy and open that.`;
}

/** @param {number} changed pixels outside the mask that differ from the input */
export function changedOutside(changed) {
  return `${changed.toLocaleString("en")} px changed outside`;
}

/** Shapes of a crop; aspect = width / height, where it is not the picture's own.
 * @type {Record<string, {name: string, aspect?: number}>} */
export const SHAPES = {
  free: { name: "Free" },
  original: { name: "Original" },
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
  { turn: 3, name: "Turn left", sign: "left" },
  { turn: 1, name: "Turn right", sign: "right" },
  { turn: 4, name: "Mirror left to right", sign: "mirror" },
  { turn: 6, name: "Mirror top to bottom", sign: "flip" },
];

/** The handles of a crop, by the sides that they move. @type {Record<string, string>} */
export const GRIPS = {
  nw: "left upper corner",
  n: "upper edge",
  ne: "right upper corner",
  e: "right edge",
  se: "right lower corner",
  s: "lower edge",
  sw: "left lower corner",
  w: "left edge",
};

/** @param {string} grip of `GRIPS` */
export function gripName(grip) {
  return `Crop: ${GRIPS[grip]}, moved by the arrow keys`;
}

/** @param {number} degrees */
export function degreesOf(degrees) {
  return `${degrees.toFixed(1).replace("-", "−")}°`;
}

/** What became of a version. @param {import("./lineage.js").Framing} framing @param {number} width
 * @param {number} height */
export function framedAnew({ turn, degrees }, width, height) {
  const size = `${width} × ${height} px`;
  const back = "Ctrl+Z goes back.";
  if (degrees) return `Straightened by ${degreesOf(degrees)} to ${size}: its pixels are computed anew. ${back}`;
  const turned = TURNS.find((each) => each.turn === turn);
  if (!turned) return `Cropped to ${size}; what remains is unchanged. ${back}`;
  return `${turn >= 4 ? "Mirrored" : "Turned"}; no pixel was changed. ${back}`;
}

/** @param {number} shift CIE76, between rings just inside and just outside of the border */
export function shiftOf(shift) {
  return `ΔE ${shift.toFixed(1)}`;
}

/** @param {number} known cells that the model sees @param {number} all */
export function contextOf(known, all) {
  return `${Math.round((100 * known) / all)} % context`;
}

/** What the export dialog says while a variation is shown. @param {string} letter @param {number} seed */
export function exportOf(letter, seed) {
  return `Export variation ${letter}, seed ${seed}`;
}

/** What the variations can be ordered by. @type {Record<string, string>} */
export const ORDERS = { drawn: "As drawn", best: "Best first", seam: "By seam" };

/** What the timeline can show, and what a button's title says of it. @type {Record<string, [string, string]>} */
export const LOOKS = {
  picture: ["Picture", "What the picture looked like at each step"],
  order: ["Order", "When each cell was decided"],
  confidence: ["Confidence", "How sure the model was of each cell"],
};

/** What the two ends of the colours mean. @type {Record<string, [string, string]>} */
export const LEGENDS = { order: ["first", "last"], confidence: ["unsure", "sure"] };

/** @type {Record<string, {name: string, about: string}>} */
export const FORMATS = {
  png: { name: "PNG", about: "Lossless, with the recipe" },
  jpeg: { name: "JPEG", about: "Small, for photos" },
  webp: { name: "WebP", about: "Lossless at 100, for the web" },
  pair: { name: "Before and after", about: "Side by side, PNG" },
  mask: { name: "Mask", about: "PNG, white = repaint" },
  gif: { name: "Timeline", about: "GIF of a run's steps" },
  ora: { name: "OpenRaster", about: "A layer for each edit or variation" },
  psd: { name: "Photoshop", about: "The same as PSD, with masks" },
  project: { name: "Project", about: "All versions, to go on later" },
};

/** A, B, ... Z, AA, ... @param {number} index @returns {string} */
export function letterOf(index) {
  return (index >= 26 ? letterOf(Math.floor(index / 26) - 1) : "") + String.fromCharCode(65 + (index % 26));
}

/** @param {number} seam 1 = the border of what is new looks like the rest */
export function seamOf(seam) {
  return `seam ${seam.toFixed(2)}`;
}

/** How a variation came of another. @param {import("./wire.js").From} from @param {string} letter */
export function madeFrom(from, letter) {
  const of = letter && ` of ${letter}`;
  const share = Math.round(100 * (from.share || 0));
  return {
    branch: `branch${of} at step ${from.step}`,
    weakest: `weakest ${share} %${of} again`,
    pins: `cells${of} pinned`,
    more: `more like ${letter || "it"}`,
    baseline: `row by row${of}`,
  }[from.how];
}

/** What the tiles of one run stand under. @param {import("./wire.js").From | null} from @param {number} number of the
 * run that it belongs to */
export function groupName(from, number) {
  if (!from) return `Run ${number}`;
  return {
    branch: `Branch at step ${from.step}`,
    weakest: `Weakest ${Math.round(100 * (from.share || 0))} % again`,
    pins: "Pinned cells",
    more: `More of run ${number}`,
    baseline: "Row by row",
  }[from.how];
}

/** What an edit that waits is called. @param {import("./orders.js").Order} order */
export function orderName({ mode, about, settings }) {
  const parts = [mode[0].toUpperCase() + mode.slice(1)];
  if (about) parts.push(about);
  if (mode !== "sweep" && settings?.variations) parts.push(counted(settings.variations, "variation"));
  return parts.join(" · ");
}

/** @param {number} count of edits that wait @param {boolean} paused */
export function waitingTitle(count, paused) {
  return `${counted(count, "edit")} ${paused ? "on hold" : count === 1 ? "waits" : "wait"}`;
}

/** @param {string} name of an edit that waits from now on @param {number} place in the list */
export function waitsBehind(name, place) {
  const before = place === 1 ? "the run" : `the run and ${counted(place - 1, "edit")}`;
  return `${name} waits for ${before} before it.`;
}

/** @param {string} name @param {number} place @param {number} count */
export function movedTo(name, place, count) {
  return `${name} is number ${place} of ${count} now`;
}

/** @param {string} group of variations in the dock */
export function landed(group) {
  return `${group} is done: its variations are in the dock.`;
}

/** @param {number} count */
export function clearedRest(count) {
  return `${counted(count, "variation")} cleared. Ctrl+Z brings them back.`;
}

/** @param {number} step @param {number} steps @param {[number, number] | null} window index and count */
export function stepOf(step, steps, window) {
  return `Step ${step} of ${steps}${window ? ` · window ${window[0] + 1} of ${window[1]}` : ""}`;
}

/** @param {number} percent */
export function weakestShare(percent) {
  return `Re-roll weakest ${percent} %`;
}

/** @param {number} row @param {number} column */
export function cellName(row, column) {
  return `Row ${row + 1}, column ${column + 1}`;
}

/** @param {number} far pixels to its source */
export function copiedFrom(far) {
  return `Copied from ${Math.round(far)} px away`;
}

/** @param {number} probability 0..1 */
export function alternativeOf(probability) {
  const percent = 100 * probability;
  return percent >= 0.1 ? `${percent.toFixed(percent < 10 ? 1 : 0)} %` : "< 0.1 %";
}

/** @param {number} id @param {number} width @param {number} height @param {boolean} first */
export function versionName(id, width, height, first) {
  return first ? `As opened, ${width} × ${height}` : `Version ${id}, ${width} × ${height}`;
}

/** @param {number} bytes */
export function bytesText(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
