/** Numbers of cells as colours: a ramp from dark blue to light yellow, even in lightness. Knows nothing of what the
 * numbers mean. */

/** One colour of OKLCH (Ottosson, 2020) as sRGB, 0..255. @param {number} lightness 0..1 @param {number} chroma
 * @param {number} hue degrees */
function rgbOf(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((v) => {
    const within = Math.min(Math.max(v, 0), 1);
    return Math.round(255 * (within <= 0.0031308 ? 12.92 * within : 1.055 * within ** (1 / 2.4) - 0.055));
  });
}

/** Lightness tells values apart for every colour vision, and on paper; hue only helps. @param {number} value 0..1 */
export function heatColour(value) {
  const t = Math.min(Math.max(value, 0), 1);
  return `rgb(${rgbOf(0.28 + 0.64 * t, 0.13 - 0.02 * Math.abs(2 * t - 1), 290 - 185 * t)})`;
}

/** The ramp as a CSS background. */
export function heatGradient() {
  return `linear-gradient(90deg, ${Array.from({ length: 9 }, (_, i) => heatColour(i / 8)).join(", ")})`;
}

/** @param {CanvasRenderingContext2D} pen CSS pixels @param {number[]} box @param {number} grid
 * @param {Float32Array} values 0..1, below 0 for cells without */
export function drawHeat(pen, box, grid, values) {
  const [l, t, r, b] = box;
  const across = (r - l) / grid;
  const down = (b - t) / grid;
  pen.save();
  pen.globalAlpha = 0.82;
  values.forEach((value, i) => {
    if (value < 0) return;
    pen.fillStyle = heatColour(value);
    pen.fillRect(l + (i % grid) * across, t + Math.floor(i / grid) * down, across, down);
  });
  pen.restore();
}
