/** The photos of a folder: which files are any, what is made of them is called, and the table of what became of each,
 * as core/cli/batch.py has them. Knows nothing of the server. */

/** @typedef {{file: File, path: string}} Found path = with its folders */
/** @typedef {{image: string, mask: string, status: string, outputs: string, best: string, seconds: string,
 *   told: string}} Row */

export const ENDINGS = ["avif", "gif", "heic", "heif", "jpeg", "jpg", "png", "tif", "tiff", "webp"];
const COLUMNS = /** @type {(keyof Row)[]} */ (["image", "mask", "status", "outputs", "best", "seconds", "told"]);
const BETWEEN = "; "; // between the outputs in one cell of the table

/** Those that are photos, by name; what is hidden is none. @param {Found[]} found @returns {Found[]} */
export function photosAmong(found) {
  const seen = new Map(found.map((each) => [each.path, each]));
  return [...seen.values()]
    .filter(({ path }) => !/(^|\/)\./.test(path) && ENDINGS.includes(/\.([^./]+)$/.exec(path)?.[1].toLowerCase() ?? ""))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Names each photo's result after it, with its ending if two are called alike before it. @param {string[]} paths
 * @returns {string[]} */
export function outputNames(paths) {
  const stem = (/** @type {string} */ path) => path.replace(/\.[^./]*$/, "");
  const alike = new Map();
  for (const path of paths) alike.set(stem(path).toLowerCase(), (alike.get(stem(path).toLowerCase()) ?? 0) + 1);
  return paths.map((path) => `${alike.get(stem(path).toLowerCase()) === 1 ? stem(path) : path}.png`);
}

/** Names the files of so many variations. @param {string} output @param {number} count @returns {string[]} */
export function variationNames(output, count) {
  if (count === 1) return [output];
  return Array.from({ length: count }, (_, i) => output.replace(/\.png$/, `-${i + 1}.png`));
}

/** A photo's line of the table. @param {{path: string, mask: string, outputs: string[], best: number, seconds: number,
 *   told: string}} made without outputs where it failed
 * @returns {Row} */
export function rowOf({ path, mask, outputs, best, seconds, told }) {
  const about = { image: path, mask, status: outputs.length ? "made" : "failed", outputs: outputs.join(BETWEEN), told };
  if (!outputs.length) return { ...about, best: "", seconds: "" };
  return { ...about, best: outputs[best], seconds: seconds.toFixed(2) };
}

/** @param {Row[]} rows @returns {string} */
export function manifestText(rows) {
  const cell = (/** @type {string} */ text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => cell(row[column])))];
  return lines.map((line) => `${line.join(",")}\n`).join("");
}

/** What was dropped, folders with all that is in them. @param {DataTransfer} dropped @returns {Promise<Found[]>} */
export async function foundIn(dropped) {
  // Now: after the event they are gone. What a script drops lies in no file system.
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  return (await Promise.all(entries.map((entry) => (entry ? within(entry, "") : [])))).flat();
}

/** @param {FileSystemEntry | File} entry @param {string} folder @returns {Promise<Found[]>} */
async function within(entry, folder) {
  const path = folder + entry.name;
  if (entry instanceof File) return [{ path, file: entry }];
  if (entry instanceof FileSystemFileEntry)
    return [{ path, file: await new Promise((done, fail) => entry.file(done, fail)) }];
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const all = [];
  for (;;) {
    /** @type {FileSystemEntry[]} a hundred at a time */
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return all.flat();
    all.push(...(await Promise.all(some.map((each) => within(each, `${path}/`)))));
  }
}
