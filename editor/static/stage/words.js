/** Every sentence the stage says. Knows nothing of state: numbers come in, text goes out. */

/** @type {Record<string, string>} */
export const WORDS = {
  stage: "Picture canvas. Paint what should be repainted; press Enter to run.",
  emptyTitle: "Start with a photo",
  emptyText: "Drop one here, paste it, or open a file. Then paint over what should change and press Enter.",
  open: "Open a photo",
  sample: "Try a sample",
  drop: "Drop to open this photo",
  notImage: "That is not a picture: drop a PNG, JPEG or WebP file.",
  noUpload: "This page takes no files here: use its own open button.",
  nothingPainted: "Nothing is painted yet: brush over what should be repainted, then run.",
  noBox: "No box is drawn yet: drag a box over what should be replaced, then run.",
  noBorder: "No border is pulled yet: drag a handle outwards to say how far the picture should grow.",
  noPicture: "No photo is open yet: open one, then run.",
  noMask: "The mask is empty: paint something first, then save it.",
  starting: "Starting",
  stopped: "Stopped. Your picture and mask are as they were.",
  loadFailed: "The picture could not be loaded from the server: open it again.",
  planFailed: "The server could not say which cells this touches; running still works.",
  kept: "Kept. It is the picture now; Ctrl+Z takes it back.",
  undoneEdit: "The last edit was taken back.",
  redoneEdit: "The edit is applied again.",
  original: "Original",
  little: "little context left: raise the context or paint less",
};

/** @param {number} n @param {string} one @param {string} [many] */
export function counted(n, one, many = one + "s") {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** @param {number} unknown @param {number} total */
export function cellsSelected(unknown, total) {
  return unknown ? `${unknown} of ${counted(total, "cell")} selected` : "No cells selected";
}

/** @param {number} side @param {number} pixels */
export function windowScale(side, pixels) {
  const factor = pixels / side;
  return `${side} px seen at ${pixels} px` + (factor === 1 ? "" : ` (×${factor >= 0.1 ? factor.toFixed(2) : factor.toFixed(3)})`);
}

/** @param {number} changed pixels outside the mask that differ from the input */
export function changedOutside(changed) {
  return `${changed.toLocaleString("en")} px changed outside`;
}
