/** Every sentence the stage says. Knows nothing of state: numbers come in, text goes out. */

/** @type {Record<string, string>} */
export const WORDS = {
  stage: "Picture canvas. Paint what should be repainted; press Enter to run.",
  emptyTitle: "Start with a photo",
  emptyText: "Drop one here, paste it, or open a file. Then paint over what should change and press Enter.",
  open: "Open a photo",
  sample: "Try a sample",
  run: "Run",
  runTitle: "Repaint what is marked (Enter)",
  pressEnter: "Press Enter to see them go.",
  tapRun: "Tap Run to see them go.",
  drop: "Drop here to open it as a photo",
  dropMask: "Drop here to use it as the mask",
  noUpload: "This page takes no files here: use its own open button.",
  nothingPainted: "Nothing is painted yet: brush over what should be repainted, then run.",
  noBox: "No box is drawn yet: drag a box over what should be replaced, then run.",
  noBorder: "No border is pulled yet: drag a handle outwards to say how far the picture should grow.",
  noPicture: "No photo is open yet: open one, then run.",
  noMask: "The mask is empty: paint something first, then save or copy it.",
  starting: "Starting",
  stopped: "Stopped. Your picture and mask are as they were.",
  loadFailed: "The picture could not be loaded from the server: open it again.",
  planFailed: "The server could not say which cells this touches; running still works.",
  kept: "Kept. It is the picture now; Ctrl+Z takes it back.",
  undoneEdit: "The last edit was taken back.",
  redoneEdit: "The edit is applied again.",
  original: "Original",
  before: "Before",
  after: "After",
  now: "Now",
  compare: "Compare",
  splitLine: "Line between before and after, in percent from the left",
  nothingToCompare: "There is nothing to compare yet: run something first.",
  outsideWindow: "The token pen works in one window: clear the mask to use it elsewhere, or brush there.",
  outsidePicture: "The token pen works on the picture: start inside it.",
  nothingToGrow: "The mask is empty: paint something first, then grow or shrink it.",
  shrunkAway: "Nothing is left of the mask: press Ctrl+Z to have it back, or shrink it by less.",
  mask: "Mask",
  find: "Find",
  againMask: "Bring the mask of the last run back, or the one cleared since (A)",
  invertMask: "Mask what is not, and nothing else (X)",
  noLastMask: "There is no mask to bring back yet: nothing was run or cleared.",
  growBy: "Pixels to grow or shrink by",
  growMask: "Grow the mask by so many pixels all around",
  shrinkMask: "Shrink the mask by so many pixels all around",
  loadMask: "Load the mask from a picture of this size: what is bright, or opaque on a transparent layer",
  clearPart: "Transparent",
  clearPartTitle: "Select what is transparent in this picture, to be filled",
  notPaintable: "Nothing is painted in this mode: go to Fill or Replace, then load the mask.",
  saveMask: "Save the mask as a PNG, white = repaint",
  maskMenu: "Overlay and mask",
  overlay: "Overlay",
  overlayColour: "Colour of the overlay",
  colour: "Colour",
  ways: "What a drag draws; a click takes like colours",
  tolerance: "Tolerance",
  toleranceTitle: "How far like colours may differ (drag to the side with Like colours)",
  selecting: "Selecting …",
  featherUnused: "Fill ends with the photo's own pixels here, which need no feather: it counts where Finish is None.",
  outlineWays: "How the outline is drawn",
  outlining: "Click the corners; the first one closes, or Enter; Backspace takes one back",
  fewCorners: "An outline has three corners at least: click more of them, or press Esc to give it up.",
  openOutline: "The outline is not closed yet: click its first corner or press Enter, or press Esc to give it up.",
  edge: "Edge",
  maskFile: "File",
  helpTitle: "Keys and gestures",
  close: "Close",
  stillLoading: "The picture is being loaded: try again in a moment.",
  stillRunning: "A run is still going: stop it or wait for it.",
  noRun: "Nothing is under review: run something first.",
  noSteps: "The steps of this run are not here: run again, then branch from one of them.",
  notBranchable: "This run cannot be taken up again: only runs of one window keep their cells.",
  nothingLeft: "The last step leaves nothing to decide: go back a step or more first.",
  pinnedRun: "This picture was put together from pinned cells: choose the variation it was made from.",
  variations: "Variations",
  variation: "Variation",
  decoding: "decoding",
  finishing: "Finishing",
  finished: "Finished",
  seed: "seed",
  score: "score",
  draft: "draft",
  drafted: "Stopped; the best frame so far is kept as a draft in the dock.",
  orderBy: "Order of the variations",
  keep: "Keep",
  keepTitle: "Make this variation the picture (Enter)",
  more: "More like this",
  moreTitle: "The same seed again at other temperatures",
  dropOne: "Drop",
  dropTitle: "Take this variation out of the dock (Delete); Ctrl+Z brings it back",
  dropped: "Dropped. Ctrl+Z brings it back.",
  aside: "Set aside",
  asideTitle: "Back to the picture (Esc); the variations stay in the dock",
  star: "Star",
  starTitle: "Star this variation (S): it stays when the others are cleared",
  clearRest: "Clear unstarred",
  clearRestTitle: "Take all variations without a star out of the dock; Ctrl+Z brings them back",
  visited: "This version is the picture now; Ctrl+Z goes back.",
  versionGone: "This version is no longer on the server and not in this browser: choose another one.",
  timeline: "Timeline",
  steps: "Steps of the run",
  trackTitle: "Go back and forth through the steps (, and .)",
  looks: "What the timeline shows",
  noStepsYet: "The steps of a run appear here.",
  branch: "Branch here",
  branchTitle: "Run again from this step, with the settings as they are now",
  weakestTitle: "Decide the cells again of which the model was least sure",
  share: "Share of the cells to decide again, in percent",
  baseline: "Sequential",
  baselineTitle: "Decode the same seed row by row, to compare",
  sequential: "Row by row",
  inspectNothing: "Look into a result: run something first, then click a cell.",
  inspectOutside: "This cell was not regenerated: click inside the repainted part.",
  byModel: "Painted by the model",
  asOpened: "Nothing was painted here: this is the photo as it was opened.",
  sourcesGone: "Where this came from is not kept: run it again to see.",
  looking: "Looking up what fits here …",
  pin: "Pin code",
  unpin: "Unpin this cell",
  history: "History",
  versions: "Versions",
  restored: "Restored from this browser",
  restoring: "The server has not answered yet. Your work is safe in this browser.",
  reviving: "The server had let go of this picture: it gets this browser's copy …",
  saveCopy: "Save the copy",
  saveCopyTitle: "Download this browser's copy as a project file, with all versions and masks",
  again: "Try again",
  againTitle: "Bring it to the server once more",
  copyIncomplete: "this browser does not hold the picture itself",
  workGone: "This work is not in this browser any more: open the file again.",
  openElsewhere: "This work is open in another tab: go on there, or close that tab first.",
  openedOver: "Opened. Ctrl+Z goes back to what was here before.",
  recent: "Recent work",
  forget: "Delete this work from the browser",
  untitled: "picture",
  startFresh: "Start fresh",
  startFreshTitle: "Forget what was restored",
  notSaved: "This browser has no room to save your work: save a project file before you close the page.",
  nothingKept: "This browser lets the page keep nothing: save a project file before you close or reload it.",
  settingsNotKept: "This browser does not let the page keep your settings: they last until you close it.",
  noAnswer: "The server did not answer: your work is kept here, try again.",
  notCarried: "The file did not reach the server: check the connection, then open it again.",
  tooLarge: "The file is larger than this server takes: save it smaller, as JPEG or WebP.",
  runSilent: "Nothing was heard of this run for a minute: wait, or press Esc and run again.",
  ranOver: "Run with the corrected mask; the variations before stay in the dock.",
  stoppedOne: "Stopped; the next edit begins.",
  queue: "Edits that wait",
  queueClear: "Clear",
  queueClearTitle: "Take all edits that wait out of the list",
  queueCleared: "No edit waits any more.",
  queueGoOn: "Go on",
  queueGoOnTitle: "Run the edits of this list, one after the other",
  queueUp: "Run it earlier",
  queueDown: "Run it later",
  queueFirst: "It is the next one already",
  queueLast: "It is the last one already",
  queueRemove: "Take it out of the list",
  queueFull: "16 edits wait already: let one end, or take one out of the list.",
  sameWaits: "This very edit is on its way: change something, or press Shift+Enter for another seed.",
  format: "Format",
  quality: "Quality",
  longest: "Longer side, px",
  longestTitle: "Empty keeps the size",
  exportTitle: "Export",
  download: "Download",
  cancel: "Cancel",
  closeTitle: "Close (Esc)",
  nothingToCopy: "There is nothing to copy yet: open a photo first.",
  noClipboard: "The browser lets a page copy only at an https address or on this machine: use Export (Ctrl+S) instead.",
  notCopied: "The browser did not take the copy: click on the page and try again, or save with Export (Ctrl+S).",
  thePicture: "The picture",
  theMask: "The mask, white = repaint,",
  measuring: "Preparing the file …",
  exportFailed: "The file could not be made: choose another format, or try again.",
  nothingToExport: "There is nothing to export yet: open a photo first.",
  noChange: "Nothing was edited yet",
  noTimeline: "No run with steps yet",
  seamTitle: "How visible the border is: about 1 means not at all",
  shiftTitle: "How far the colours on both sides of the border lie apart: below about 2 the eye sees no step",
  fit: "fit",
  little: "little context left: raise the context or paint less",
  farOut: "little context far out: extend by less at a time",
};

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
