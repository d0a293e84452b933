/** Dark or light: what the address asks for, else what was chosen last, else the system's. Runs before the page is
 * drawn. */

import { storedText, storeText } from "../common/stored.js";

const THEME_KEY = "mge-theme";

/** @param {string | null} name */
function knownTheme(name) {
  return name === "dark" || name === "light" ? name : null;
}

/** Keeps the class of the page's body as wanted, whatever else sets it; offers `window.mgeTheme.toggle`. */
export function startTheme() {
  let wanted = knownTheme(new URLSearchParams(location.search).get("__theme")) ?? knownTheme(storedText(THEME_KEY));
  const apply = () => {
    if (wanted && document.body.classList.contains("dark") !== (wanted === "dark"))
      document.body.classList.toggle("dark");
  };
  const start = () => {
    apply();
    new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  };
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
  const toggle = () => {
    wanted = document.body.classList.contains("dark") ? "light" : "dark";
    apply();
    storeText(THEME_KEY, wanted); // else it lasts until the page is left
  };
  Object.assign(window, { mgeTheme: { toggle } });
}
