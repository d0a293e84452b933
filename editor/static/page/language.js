/** The choice of a language. It is kept as a cookie, because the server sends the page in it. */

const YEAR = 31536000; // s

/** @param {HTMLElement} element */
export function languageChoice(element) {
  const select = /** @type {HTMLSelectElement} */ (element.querySelector("select"));
  select.addEventListener("change", () => {
    // Within a page of another host, as on Hugging Face, a cookie has to say that it belongs to both.
    const where = location.protocol === "https:" ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax";
    // biome-ignore lint/suspicious/noDocumentCookie: Safari has no other way.
    document.cookie = `mge-language=${select.value}; path=/; max-age=${YEAR}; ${where}`;
    location.reload();
  });
}
