// What is to be seen, by plain code that says the same as the viewer in another way.

import { colourOf } from "../../aic_helpers/reporting/viewer/pixels.js";
import { picture, pixelOf } from "./pictures.js";

const clipped = (value) => Math.min(Math.max(Math.round(value), 0), 255);
const ways = {
  mean: ([r, g, b]) => (r + g + b) / 3,
  luma: ([r, g, b]) => (299 * r + 587 * g + 114 * b) / 1000,
};

/** Return the error map of a picture, pixel by pixel. */
export function expectedMap(reference, image, { show, channels, times }) {
  return picture(image.width, image.height, (x, y) => {
    const [before, after] = [pixelOf(reference, x, y), pixelOf(image, x, y)];
    const differences = [0, 1, 2].map((channel) => after[channel] - before[channel]);
    return show === "signed" ? signed(differences, channels, times) : absolute(differences, channels, times);
  });
}

function signed(differences, channels, times) {
  const values = channels === "rgb" ? differences : Array(3).fill(ways[channels](differences));
  return values.map((value) => clipped(128 + times * value));
}

function absolute(differences, channels, times) {
  if (channels === "rgb") return differences.map((value) => clipped(times * Math.abs(value)));
  const sizes = channels === "mean" ? differences.map(Math.abs) : differences;
  return colourOf((times * Math.abs(ways[channels](sizes))) / 255);
}

/** Return the SSIM of a window of 11x11 by the definition: weighted means, variances and covariance. */
export function windowSimilarity(one, other, left, top) {
  const places = Array.from({ length: 121 }, (_, at) => [at % 11, Math.floor(at / 11)]);
  const raw = places.map(([x, y]) => Math.exp(-((x - 5) ** 2 + (y - 5) ** 2) / (2 * 1.5 ** 2)));
  const whole = raw.reduce((sum, value) => sum + value);
  const mean = (values) => values.reduce((sum, value, at) => sum + (value * raw[at]) / whole, 0);
  const ofChannel = (channel) => {
    const [x, y] = [one, other].map((image) => places.map(([a, b]) => pixelOf(image, left + a, top + b)[channel]));
    const [mx, my] = [mean(x), mean(y)];
    const [dx, dy] = [x.map((value) => value - mx), y.map((value) => value - my)];
    const spread = (p, q) => mean(p.map((value, at) => value * q[at]));
    const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
    const light = (2 * mx * my + c1) / (mx ** 2 + my ** 2 + c1);
    return (light * (2 * spread(dx, dy) + c2)) / (spread(dx, dx) + spread(dy, dy) + c2);
  };
  return (ofChannel(0) + ofChannel(1) + ofChannel(2)) / 3;
}

/** Return the SSIM of the window around each pixel, at the border of the nearest one. */
export function similarityAt(one, other, x, y) {
  const nearest = (at, side) => Math.min(Math.max(at - 5, 0), side - 11);
  return windowSimilarity(one, other, nearest(x, one.width), nearest(y, one.height));
}

/** Return the colour of each screen pixel of a pane: that of the picture's pixel on which it lies, else nothing. */
export function expectedPane({ width, height }, pixels, { origin, zoom, scale }) {
  const data = new Uint8ClampedArray(width * height * 4);
  const [from, to] = [pixels.data, data].map((bytes) => new Uint32Array(bytes.buffer));
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y - origin[1]) / zoom / scale);
    for (let x = 0; x < width; x++) {
      const column = Math.floor((x - origin[0]) / zoom / scale);
      const isInside = row >= 0 && row < pixels.height && column >= 0 && column < pixels.width;
      if (isInside) to[y * width + x] = from[row * pixels.width + column];
    }
  }
  return { data, width, height };
}
