/** Which classes a half-typed word may mean; the same ranks as `search_classes` in
 * core/values/labels.py. Knows nothing of the page. */

/** @typedef {{id: number, name: string, names: string[], also: string[]}} ClassEntry `names`: its own names, `also`:
 * synonyms */

/** @param {string} text */
export function plainName(text) {
  return text.toLowerCase().replace(/[_-]/g, " ").split(/\s+/).filter(Boolean).join(" ");
}

/** A form that singular and plural share; it need not be a word. @param {string} name */
function stem(name) {
  for (const [ending, instead] of [
    ["ies", "y"],
    ["sses", "ss"],
    ["shes", "sh"],
    ["ches", "ch"],
    ["xes", "x"],
  ]) {
    if (name.endsWith(ending) && name.length > ending.length + 1) return name.slice(0, -ending.length) + instead;
  }
  return name.length > 3 && name.endsWith("s") && !name.endsWith("ss") ? name.slice(0, -1) : name;
}

/** Whether one letter too many, too few or wrong, or two swapped, lead from one to the other. @param {string} a
 * @param {string} b */
function nearly(a, b) {
  if (a.length < 4 || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const restA = a.slice(start, a.length - end);
  const restB = b.slice(start, b.length - end);
  if (restA.length <= 1 && restB.length <= 1) return true;
  return restA.length === 2 && restA[0] === restB[1] && restA[1] === restB[0];
}

/** @param {ClassEntry} entry @param {string} plain @returns {{rank: number, by: string} | null} */
function rankOf(entry, plain) {
  const own = entry.names;
  const every = [...own, ...entry.also];
  if (stem(plainName(own[0])) === stem(plain)) return { rank: -1, by: own[0] };
  for (const [rank, candidates] of /** @type {[number, string[]][]} */ ([
    [0, own],
    [3, every],
  ])) {
    const tests = [
      (/** @type {string} */ name) => stem(plainName(name)) === stem(plain),
      (/** @type {string} */ name) => plainName(name).startsWith(plain),
      (/** @type {string} */ name) =>
        plainName(name)
          .split(" ")
          .some((word) => word.startsWith(plain)),
    ];
    for (const [more, test] of tests.entries()) {
      const by = candidates.find(test);
      if (by) return { rank: rank + more, by };
    }
  }
  const inside = every.find((name) => plainName(name).includes(plain));
  if (inside) return { rank: 6, by: inside };
  const near = every.find((name) => nearly(plain, plainName(name)));
  return near ? { rank: 7, by: near } : null;
}

/**
 * Best first, equals in their order; `by` is the name that matched. Nothing typed means everything.
 * @param {ClassEntry[]} entries @param {string} query @returns {{entry: ClassEntry, by: string}[]}
 */
export function rankClasses(entries, query) {
  const plain = plainName(query);
  if (!plain) return entries.map((entry) => ({ entry, by: entry.name }));
  return entries
    .map((entry) => ({ entry, found: rankOf(entry, plain) }))
    .filter(({ found }) => found)
    .sort((a, b) => /** @type {any} */ (a.found).rank - /** @type {any} */ (b.found).rank || a.entry.id - b.entry.id)
    .map(({ entry, found }) => ({ entry, by: /** @type {any} */ (found).by }));
}
