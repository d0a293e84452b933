/** Pictures by their address on another site: the visitor's own browser asks for them, not the server. Knows nothing of
 * the stage. */

import { addressNoPicture, addressNotRead, addressTooLarge } from "./wording.js";

const MOST_FETCHED = 32 * 1024 * 1024; // as for files

/** The address in what was dropped or pasted, or ""; those of this page itself do not count.
 * @param {DataTransfer | null} data */
export function addressIn(data) {
  const text = data ? data.getData("text/uri-list") || data.getData("text/plain") : "";
  const line = text.split(/\r?\n/).find((each) => each && !each.startsWith("#")) || "";
  if (!/^https?:\/\/[^\s]+$/i.test(line.trim()) || !URL.canParse(line.trim())) return "";
  const address = new URL(line.trim());
  return address.origin === location.origin ? "" : address.href;
}

/** Reads a picture, without telling the other site who asks. @param {string} address
 * @returns {Promise<File>} @throws {Error} whose message is for the visitor */
export async function pictureAt(address) {
  const { host, pathname } = new URL(address);
  const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" }).catch(() => null);
  if (!answer) throw new Error(addressNotRead(host));
  const type = (answer.headers.get("content-type") || "").split(";")[0].trim();
  if (!answer.ok || !type.startsWith("image/") || !answer.body)
    throw new Error(addressNoPicture(host, answer.ok ? type : `HTTP ${answer.status}`));
  const reader = answer.body.getReader();
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let bytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    bytes += part.value.length;
    if (bytes > MOST_FETCHED) {
      void reader.cancel();
      throw new Error(addressTooLarge(host, MOST_FETCHED / 1024 / 1024));
    }
  }
  return new File(parts, decodeURIComponent(pathname.split("/").pop() || "") || "picture", { type });
}
