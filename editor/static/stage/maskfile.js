/** Masks written as picture files, grey, white = repaint; the server reads them. Knows nothing of the stage. */

import { context2d, makeCanvas } from "./picture.js";

const BAND_ROWS = 256; // a large picture is written in bands, never as a whole

/** @param {import("./mask.js").Mask} mask @returns {Promise<Blob | null>} a PNG of its size */
export function writeMaskFile(mask) {
  const { width, height, data } = mask;
  const canvas = makeCanvas(width, height);
  const pen = context2d(canvas);
  for (let top = 0; top < height; top += BAND_ROWS) {
    const rows = Math.min(BAND_ROWS, height - top);
    const image = new ImageData(width, rows);
    const words = new Uint32Array(image.data.buffer);
    for (let i = 0, at = top * width; i < words.length; i++, at++) words[i] = 0xff000000 | (data[at] * 0x010101);
    pen.putImageData(image, 0, top);
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
