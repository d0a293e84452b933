// What crosses between the browser and the server, as editor/wire has it: written by
// python -m tests.scripts.messages, and not by hand.

/** The start of a run: tokens of an earlier one, whose geometry it takes over. */
export interface From {
  run: string;
  variation: number;
  how: "branch" | "weakest" | "pins" | "more" | "baseline";
  step?: number | null;
  share?: number | null;
  pins?: number[][] | null;
}

/** The person's marks on the canvas, for a run, a plan or suggestions. */
export interface Intent {
  v: number;
  mode: "fill" | "replace" | "extend" | "generate" | "sweep";
  doc?: string | null;
  version?: number | null;
  mask?: MaskRuns | null;
  box?: number[] | null;
  extend?: number[] | null;
  window?: number[] | null;
  run?: string;
  from?: From | null;
  model?: string | null;
}

/** The same marks for another picture, which comes beside them; `best` = only the variation that fits best. */
export interface Repeat {
  v: number;
  mode: "fill" | "replace" | "extend" | "generate" | "sweep";
  doc?: string | null;
  version?: number | null;
  mask?: MaskRuns | null;
  box?: number[] | null;
  extend?: number[] | null;
  window?: number[] | null;
  run?: string;
  from?: From | null;
  model?: string | null;
  size: number[];
  best?: boolean;
}

/** A document by its unguessable id; the one last used if none is given. */
export interface OfDocument {
  doc?: string | null;
}

/** What to select on a version: by a gesture, which is a box, a scribble or a point, or a thing by its name. */
export interface Select {
  doc?: string | null;
  version?: number | null;
  box?: number[] | null;
  scribble?: number[][] | null;
  width?: number;
  point?: number[] | null;
  tolerance?: number;
  thing?: "sky" | "rim" | null;
}

/** The name of an uploaded file to be opened. */
export interface OfFile {
  name?: string;
}

/** A run, to be stopped. */
export interface OfRun {
  doc?: string | null;
  run?: string;
}

/** A picture of a run, to be accepted, or to be given as a draft. */
export interface OfVariation {
  doc?: string | null;
  run?: string;
  variation: number;
}

/** A cell, row and column, to look into, with the present pins. */
export interface OfCell {
  doc?: string | null;
  run?: string;
  variation: number;
  cell: number[];
  pins?: number[][] | null;
}

/** A cell of a sweep. */
export interface OfSweep {
  doc?: string | null;
  run?: string;
  row: number;
  column: number;
}

/** A version of a document. */
export interface OfVersion {
  doc?: string | null;
  version: number;
}

/** A version to be framed anew: turned, see `core.values.Turn.number`, then straightened, then cropped. */
export interface Frame {
  doc?: string | null;
  version: number;
  turn?: number;
  degrees?: number;
  box?: number[] | null;
}

/** A file to be made of a version, or of a variation of a run; a project has the stage's own state. */
export interface Export {
  doc?: string | null;
  format?: string;
  quality?: number | null;
  longest?: number | null;
  version?: number | null;
  run?: string | null;
  variation?: number | null;
  state?: any;
}

/** A mask as run lengths; `editor.wire.bits` describes them, and checks each that arrives. */
export interface MaskRuns {
  width: number;
  height: number;
  runs: number[];
  values?: number[];
}

/** Settings of a model and of the controls that decide which cells are regenerated. */
export interface Grid {
  pixels: number;
  grid: number;
  context: number;
  coverage: number;
}

/** Where the picture of a version's parent lies on it; anew = no pixel of the parent is left as it was. Its left upper corner lies at offset, and it is turned about that by turn, see `core.values.Turn.number`. */
export interface Lies {
  offset: number[];
  turn?: number;
  anew?: boolean;
}

/** A version in the tree. */
export interface Node {
  offset: number[];
  turn?: number;
  anew?: boolean;
  version: number;
  parent: number | null;
  url: string;
  width: number;
  height: number;
}

/** The version that is shown. */
export interface Shown {
  version: number;
  url: string;
  width: number;
  height: number;
  alpha: boolean;
}

/** A picture was opened: show it, with its marks, if there are any. */
export interface Open {
  rev: number;
  ask?: string;
  version: number;
  url: string;
  width: number;
  height: number;
  alpha: boolean;
  kind: "open";
  doc: string;
  name: string;
  format: string;
  keep_mask: boolean;
  model: Grid;
  tree: Node[];
  mask?: MaskRuns;
  extend?: number[];
  box?: number[];
  mode?: "fill" | "replace" | "extend" | "generate" | "sweep";
  state?: Record<string, any>;
  notice?: string;
  first?: boolean;
}

/** A mask for the version shown, and its origin; it replaces what is painted. */
export interface Painted {
  rev: number;
  ask?: string;
  kind: "mask";
  doc: string;
  mask: MaskRuns;
  notice: string;
}

/** Another version is shown: by accepting, by going back or forward in the tree, by framing anew. */
export interface Head {
  rev: number;
  ask?: string;
  offset: number[];
  turn?: number;
  anew?: boolean;
  version: number;
  url: string;
  width: number;
  height: number;
  alpha: boolean;
  kind: "head";
  doc: string;
  parent: number | null;
  keep_mask: boolean;
  dropped: number[];
}

/** Settings of the overlay changed, or the model that they are for. */
export interface Settings {
  rev: number;
  ask?: string;
  pixels: number;
  grid: number;
  context: number;
  coverage: number;
  kind: "settings";
  id?: string;
}

/** An exported file is ready for download; notice = what the format could not hold. */
export interface File {
  rev: number;
  ask?: string;
  kind: "file";
  format: string;
  url: string;
  name: string;
  bytes: number;
  notice?: string;
}

/** One decoding step; unknown and confidence are hex, one per variation, see `editor.wire.bits`. */
export interface Step {
  rev: number;
  ask?: string;
  kind: "step";
  finish: boolean;
  run: string;
  variation_count: number;
  step: number;
  steps: number;
  pass_index: number;
  passes: number;
  window: number[];
  canvas: number[];
  offset: number[];
  urls: string[];
  grid: number;
  unknown: string[];
  confidence: string[];
  seconds_left: number;
}

/** A run without steps on the stage made progress. */
export interface Alive {
  rev: number;
  ask?: string;
  kind: "alive";
  run: string;
}

/** A run waits for its turn; before = turns that come first, seconds = about how long they take. */
export interface Waiting {
  rev: number;
  ask?: string;
  kind: "waiting";
  run: string;
  before: number;
  seconds: number;
}

/** One picture of a result; None for what was not measured. */
export interface Variation {
  url: string;
  seed: number;
  score: number | null;
  seam: number | null;
  shift: number | null;
  fit: number | null;
  class_fit: number | null;
  worth: number | null;
  changed_outside: number;
  note?: string;
}

/** The run that a result continued. */
export interface WentOn {
  run: string;
  variation: number;
  step: number;
  how: "branch" | "weakest" | "pins" | "more" | "baseline";
}

/** The result of a run; ranking = indices of its variations, best first, None if they were not compared. */
export interface Result {
  rev: number;
  ask?: string;
  kind: "result";
  run: string;
  variations: Variation[];
  canvas: number[];
  offset: number[];
  seconds: number;
  branchable: boolean;
  draft: boolean;
  settings: Record<string, any>;
  ranking: number[] | null;
  told?: string[];
  from?: WentOn;
}

/** The variations of an edit of another picture, to be fetched at once; best = index of the one that fits best. */
export interface Repeated {
  rev: number;
  ask?: string;
  kind: "repeated";
  run: string;
  urls: string[];
  best: number;
  seconds: number;
  told: string;
}

/** A code that fits a cell. */
export interface Alternative {
  code: number;
  probability: number;
  url: string;
}

/** The codes that fit a cell, likeliest first. */
export interface Alternatives {
  rev: number;
  ask?: string;
  kind: "alternatives";
  run: string;
  variation: number;
  cell: number[];
  list: Alternative[];
}

/** A run ended before its result; draft = whether its last frame can be requested. */
export interface Stopped {
  rev: number;
  ask?: string;
  kind: "stopped";
  run: string;
  message: string;
  draft: boolean;
}

/** A sentence for the person, and the run that it is about, if any; gone = what the server has no more. */
export interface Notice {
  rev: number;
  ask?: string;
  kind: "notice";
  level: "info" | "error";
  message: string;
  run?: string;
  gone?: string;
}

/** The answer to the overlay's question which cells will be regenerated. */
export interface Plan {
  windows: number[][];
  cells: string[];
  unknown_tokens: number;
  passes: number;
  seconds: number;
}

/** The answer to a gesture that selects: a mask, or why there is none; gone = what the server has no more. */
export interface Selected {
  mask?: MaskRuns;
  said?: string;
  gone?: string;
}

/** The sources of one edit's pixels, packed. */
export interface Layer {
  box: number[];
  data: string;
}

/** The answer to the inspector's question where the pixels of a picture came from, the newest edit first. */
export interface Sources {
  layers: Layer[];
  whole: boolean;
}

/** The classes that the open picture may show, best first, or the reason why there are none. */
export interface Suggested {
  ids: number[];
  said: string;
}

/** A line of the model menu. short = the licence in a word; question, order and consent are there if a download comes first; broken = the reason why it cannot be used. */
export interface MenuModel {
  key: string;
  group: string;
  title: string;
  facts: string;
  needs: string;
  licence: string;
  short: string;
  place: string;
  question: string | null;
  consent: string | null;
  broken: string;
  order?: string;
}

/** The model that is on its way; share is of its download. */
export interface MenuProgress {
  key: string;
  stage: string;
  share: number | null;
  said: string;
}

/** The result of the last choice, numbered so that each page says it once. */
export interface MenuNews {
  number: number;
  level: "info" | "error";
  text: string;
}

/** The state of the model menu. computes = a sentence about device, numbers and threads of the model at work; refused = the reason why the last choice was impossible. */
export interface Menu {
  model: string;
  working: string;
  fixed: boolean;
  models: MenuModel[];
  progress: MenuProgress | null;
  news: MenuNews | null;
  computes: string;
  refused?: string;
}

export type Message = Open | Painted | Head | Settings | File | Step | Alive | Waiting | Result | Repeated | Alternatives | Stopped | Notice;

export interface Events {
  run: Intent;
  sweep: Intent;
  stop: OfRun;
  draft: OfVariation;
  accept: OfVariation;
  goto: OfVersion;
  frame: Frame;
  bring: OfFile;
  mask: OfDocument;
  reopen: OfDocument;
  inspect: OfCell;
  export: Export;
  capture: OfDocument;
}
