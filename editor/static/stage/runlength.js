/** Run lengths of bytes in rows: how masks are stored, undone and sent. Knows nothing of what the bytes mean. */

/**
 * @typedef {{runs: ArrayLike<number>, values?: ArrayLike<number>}} Coded
 * run lengths; without values they alternate 0, 255, 0, ... from 0 on, the first may be 0 long
 */

/** Tells each stretch of equal bytes other than 0, cut at the ends of rows of `width`. @param {Coded} coded
 * @param {number} width @param {(row: number, left: number, right: number, value: number) => void} emit */
export function eachSpan({ runs, values }, width, emit) {
  let at = 0;
  for (let n = 0; n < runs.length; n++) {
    const value = values ? values[n] : n % 2 && 255;
    let left = runs[n];
    if (!value) {
      at += left;
      continue;
    }
    while (left) {
      const column = at % width;
      const here = Math.min(left, width - column);
      emit(Math.floor(at / width), column, column + here, value);
      at += here;
      left -= here;
    }
  }
}

/** Whether run lengths are whole numbers that add up to an area, each with its value where there are values.
 * @param {Coded} coded @param {number} area */
export function isSound({ runs, values }, area) {
  let sum = 0;
  for (let n = 0; n < runs.length; n++) {
    if (!(Number.isInteger(runs[n]) && runs[n] >= 0)) return false;
    sum += runs[n];
  }
  return sum === area && (!values || values.length === runs.length);
}

/** Collects runs; those of 0 and 255 only are kept without values. */
export class RunWriter {
  constructor() {
    /** @type {number[]} */
    this.runs = [];
    /** @type {number[]} */
    this.values = [];
    this.plain = true;
  }

  /** @param {number} value @param {number} length */
  push(value, length) {
    if (!length) return;
    const last = this.runs.length - 1;
    if (last >= 0 && this.values[last] === value) {
      this.runs[last] += length;
    } else {
      this.runs.push(length);
      this.values.push(value);
      if (value && value !== 255) this.plain = false;
    }
  }

  /** @returns {{runs: number[], values?: number[]}} */
  end() {
    const { runs, values } = this;
    if (!this.plain) return { runs, values };
    return { runs: values.length && !values[0] ? runs : [0, ...runs] };
  }
}
