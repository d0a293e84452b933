/** What leaves by hand: copies on the clipboard, pictures dragged out of the page. Knows what is shown, nothing of how
 * files are made. */

import { writeMaskFile } from "./maskfile.js";
import { download, resolved } from "./picture.js";
import { copiedOf, letterOf, WORDS } from "./wording.js";

const TYPE = "image/png";
const OWN = "application/x-mge-own"; // marks what is dragged as this page's, which is not to be opened here

/** What a served file is called. @param {string} url */
export function nameAt(url) {
  return decodeURIComponent(url.slice(url.lastIndexOf("/") + 1));
}

export class Outgoing {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
  }

  /** Whether something of this page is what is dragged. @param {DragEvent} e */
  owns(e) {
    return !!e.dataTransfer?.types.includes(OWN);
  }

  /** Copies the variation under review, or else the picture. */
  copyPicture() {
    const { review, versions, sessions } = this.stage;
    const { current } = versions;
    if (review) {
      const blob = review.blobs[review.index] ?? download(review.current.url);
      return this.write(blob, copiedOf(`${WORDS.variation} ${letterOf(review.index)}`));
    }
    if (!current) return this.stage.panel.toast(WORDS.nothingToCopy);
    const kept = sessions.picture(current.id).then((blob) => blob ?? download(current.url));
    return this.write(kept, copiedOf(WORDS.thePicture));
  }

  /** Copies the mask, white = repaint. */
  copyMask() {
    const { mask, panel } = this.stage;
    if (!mask?.painted) return panel.toast(WORDS.noMask);
    return this.write(writeMaskFile(mask), copiedOf(WORDS.theMask));
  }

  /** @param {Blob | Promise<Blob | null>} png @param {string} said once it is there */
  async write(png, said) {
    const { panel } = this.stage;
    if (!navigator.clipboard?.write) return panel.toast(WORDS.noClipboard, "error");
    try {
      // What is not there yet is handed over as a promise: the key that was pressed allows it for a moment only.
      const typed = Promise.resolve(png).then((blob) => new Blob(blob ? [blob] : [], { type: TYPE }));
      await navigator.clipboard.write([new ClipboardItem({ [TYPE]: typed })]);
      panel.toast(said);
    } catch {
      panel.toast(WORDS.notCopied, "error");
    }
  }

  /** Lets a served picture be dragged to where files go. @param {DragEvent} e @param {string} url */
  drag(e, url) {
    if (!e.dataTransfer) return;
    const address = new URL(resolved(url), location.href).href;
    e.dataTransfer.effectAllowed = "copy";
    e.dataTransfer.setData("DownloadURL", `${TYPE}:${nameAt(url)}:${address}`);
    e.dataTransfer.setData("text/uri-list", address);
    e.dataTransfer.setData(OWN, address);
  }
}
