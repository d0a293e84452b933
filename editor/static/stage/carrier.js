/** Brings files to the server. Knows the address and the answer of its upload, nothing of what becomes of a file
 * there. */

import { resolved } from "./picture.js";
import { WORDS } from "./wording.js";

/** @typedef {{path: string, orig_name: string, size: number, meta: {_type: string}}} Carried a file as Gradio names
 * it */

const SILENCE = 20000; // ms without any progress until an upload is given up

/**
 * Uploads a file, under a name that says nothing: its own one travels with what is asked about it.
 * @param {Blob} file @param {(share: number) => void} tell how much of it is there, 0..1
 * @returns {Promise<Carried>} rejects with a sentence where it does not arrive; its cause is the server's answer
 */
export function carry(file, tell) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("files", file, "upload");
    let timer = 0;
    const patient = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => request.abort(), SILENCE);
    };
    request.upload.onprogress = (e) => {
      patient();
      if (e.lengthComputable) tell(e.loaded / e.total);
    };
    request.onerror = request.onabort = () => fail(new Error(WORDS.notCarried));
    request.onload = () => {
      try {
        const [path] = request.status === 200 ? JSON.parse(request.responseText) : [];
        if (typeof path === "string")
          return done({ path, orig_name: "upload", size: file.size, meta: { _type: "gradio.FileData" } });
      } catch {
        // said below
      }
      // The server's door says in plain text why it refuses something.
      const plain =
        (request.getResponseHeader("content-type") || "").startsWith("text/plain") &&
        /^[^<]{9,300}\.$/.test(request.responseText);
      const why = plain ? request.responseText : request.status === 413 ? WORDS.tooLarge : WORDS.notCarried;
      fail(new Error(why, { cause: request.status }));
    };
    request.onloadend = () => clearTimeout(timer);
    request.open("POST", resolved("/gradio_api/upload"));
    patient();
    request.send(form);
  });
}
