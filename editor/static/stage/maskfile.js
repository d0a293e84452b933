/** Masks as picture files: read as alpha or brightness, written as grey, white = repaint. Knows nothing of the stage. */

import { context2d, makeCanvas } from "./picture.js";

const BAND_ROWS = 256; // a large picture is read and written in bands, never as a whole

/**
 * Reads a picture as a mask: its opacity where it has any transparency, else its brightness.
 * @param {Blob} file @param {{width: number, height: number}} wanted
 * @returns {Promise<{width: number, height: number, bytes: Uint8Array | null}>} without bytes where it has another size
 * than wanted; rejects where the file is no picture
 */
export async function readMaskFile(file, wanted) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  if (width !== wanted.width || height !== wanted.height) {
    bitmap.close();
    return { width, height, bytes: null };
  }
  const luma = new Uint8Array(width * height);
  const alpha = new Uint8Array(width * height);
  const canvas = makeCanvas(width, Math.min(height, BAND_ROWS));
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  let transparent = false;
  for (let top = 0; top < height; top += BAND_ROWS) {
    const rows = Math.min(BAND_ROWS, height - top);
    pen.clearRect(0, 0, width, rows);
    pen.drawImage(bitmap, 0, -top);
    const { data } = pen.getImageData(0, 0, width, rows);
    for (let i = 0, at = top * width; i < data.length; i += 4, at++) {
      luma[at] = (299 * data[i] + 587 * data[i + 1] + 114 * data[i + 2] + 500) / 1000;
      alpha[at] = data[i + 3];
      if (data[i + 3] < 255) transparent = true;
    }
  }
  bitmap.close();
  return { width, height, bytes: transparent ? alpha : luma };
}

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
