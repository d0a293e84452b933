/** Zip files whose entries are stored as they are. Knows nothing of what is in them. */

import { crc32 } from "./crc.js";

/** @typedef {{name: string, data: Blob}} Entry */

const FIRST_DAY = 0x21; // the first day that zip files know
const UTF_8 = 0x800; // how names are written

/** The numbers of a header, little-endian, two bytes or four each. @param {[number, 2 | 4][]} numbers
 * @returns {Uint8Array<ArrayBuffer>} */
function header(numbers) {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [, size]) => sum + size, 0)));
  let at = 0;
  for (const [number, size] of numbers) {
    if (size === 2) view.setUint16(at, number, true);
    else view.setUint32(at, number, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

/** PKWARE's APPNOTE, 4.3. @param {Entry[]} entries all together below 4 GiB, fewer than 65,536
 * @returns {Promise<Blob>} */
export async function zipped(entries) {
  /** @type {BlobPart[]} */
  const parts = [];
  /** @type {BlobPart[]} */
  const directory = [];
  let at = 0;
  let length = 0;
  for (const { name, data } of entries) {
    const crc = crc32(new Uint8Array(await data.arrayBuffer()));
    const letters = new TextEncoder().encode(name);
    /** @type {[number, 2 | 4][]} */
    const facts = [
      [20, 2],
      [UTF_8, 2],
      [0, 2],
      [0, 2],
      [FIRST_DAY, 2],
      [crc, 4],
      [data.size, 4],
      [data.size, 4],
      [letters.length, 2],
      [0, 2],
    ];
    parts.push(header([[0x04034b50, 4], ...facts]), letters, data);
    directory.push(header([[0x02014b50, 4], [20, 2], ...facts, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]]), letters);
    at += 30 + letters.length + data.size;
    length += 46 + letters.length;
  }
  const count = entries.length;
  const end = header([
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [count, 2],
    [count, 2],
    [length, 4],
    [at, 4],
    [0, 2],
  ]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
