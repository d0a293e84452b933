/** Pictures as the screen needs them: the bitmap and its halvings, so that a far-away view costs what it shows. */

const MOST_FULL = 32e6; // pixels; above it the screen shows a half-size proxy (the picture itself stays on the server)

/** @param {number} width @param {number} height @returns {HTMLCanvasElement} */
export function makeCanvas(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @returns {CanvasRenderingContext2D} */
export function context2d(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/** Addresses under /gradio_api get the path prefix that the page is served under, where there is one.
 * @param {string} url */
export function resolved(url) {
  const config = /** @type {any} */ (window).gradio_config;
  if (!url.startsWith("/gradio_api/") || !config?.root) return url;
  const prefix = new URL(config.root, location.href).pathname.replace(/\/$/, "");
  return prefix && !url.startsWith(`${prefix}/`) ? prefix + url : url;
}

/** @param {string} url @returns {Promise<Blob>} */
export async function download(url) {
  const answer = await fetch(resolved(url));
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.blob();
}

export class Picture {
  /** @param {number} width @param {number} height @param {{source: CanvasImageSource, scale: number}[]} levels */
  constructor(width, height, levels) {
    this.width = width;
    this.height = height;
    this.levels = levels;
  }

  /** @param {Blob} blob @param {number} width @param {number} height @returns {Promise<Picture>} */
  static async decode(blob, width, height) {
    let scale = 1;
    /** @type {ImageBitmap} */
    let bitmap;
    if (width * height > MOST_FULL) {
      scale = 0.5;
      bitmap = await createImageBitmap(blob, {
        resizeWidth: Math.ceil(width / 2),
        resizeHeight: Math.ceil(height / 2),
      });
    } else {
      bitmap = await createImageBitmap(blob);
    }
    /** @type {{source: CanvasImageSource, scale: number}[]} */
    const levels = [{ source: bitmap, scale }];
    let last = /** @type {ImageBitmap | HTMLCanvasElement} */ (bitmap);
    while (Math.max(last.width, last.height) > 512) {
      const half = makeCanvas(Math.ceil(last.width / 2), Math.ceil(last.height / 2));
      const pen = context2d(half);
      pen.drawImage(last, 0, 0, half.width, half.height);
      scale /= 2;
      levels.push({ source: half, scale });
      last = half;
    }
    return new Picture(width, height, levels);
  }

  /** The smallest level that still has a pixel for every device pixel. @param {number} deviceScale */
  level(deviceScale) {
    let best = this.levels[0].source;
    for (const { source, scale } of this.levels) if (scale >= deviceScale) best = source;
    return best;
  }

  /** Draws the picture with its corner at (x, y) of the canvas. @param {CanvasRenderingContext2D} pen
   * @param {number} x @param {number} y @param {number} deviceScale */
  draw(pen, x, y, deviceScale) {
    pen.imageSmoothingEnabled = deviceScale < 2;
    pen.drawImage(this.level(deviceScale), x, y, this.width, this.height);
  }

  close() {
    for (const { source } of this.levels) {
      if (source instanceof ImageBitmap) source.close();
      else if (source instanceof HTMLCanvasElement) source.width = source.height = 1;
    }
  }
}
