// What 8-bit pixels say: error maps and their colours, the SSIM map, histograms, values, PSNR and SSIM of a box.
//
// Pixels are {data: Uint8ClampedArray (RGBA), width, height}, as an ImageData is. A box is [x, y, width, height].
// The page sees nothing of this module but the canvases that it hands over.

// Seventeen even steps of matplotlib's "inferno", whose lightness rises evenly from black to a light yellow.
const ERROR_COLOURS = `
  000004 0b0724 210c4a 3d0965 57106e 71196e 8a226a a32c61 bc3754
  d24644 e45a31 f1731d f98e09 fcac11 f9cb35 f2ea69 fcffa4`
  .trim()
  .split(/\s+/)
  .map((colour) => [0, 2, 4].map((at) => parseInt(colour.slice(at, at + 2), 16)));

const ERROR_PALETTE = palette(colourOfLevel);
const GREY_PALETTE = palette((level) => [level, level, level]);
const BRIGHT_CHANNELS = ["#e5484d", "#3a9d5d", "#4a7dff"];

// What a channel weighs, and what the sum is divided by: whole numbers, so that halves are met exactly.
const LUMA = { weights: [299, 587, 114], whole: 1000 };
const MEAN = { weights: [1, 1, 1], whole: 3 };

const CELL_PX = 16;
const WORST_CELLS = 6; // the part that is looked at where an image is worst: about a pane at 4:1

// SSIM as in Wang, Bovik, Sheikh and Simoncelli 2004.
const WINDOW_PX = 11;
const WINDOW_SIGMA_PX = 1.5;
const MEAN_CONSTANT = (0.01 * 255) ** 2;
const VARIANCE_CONSTANT = (0.03 * 255) ** 2;
const SUMS = 4; // of each channel: both means, the mean of both squares, and that of the products

const TURN_MS = 10; // after so long the page has its turn

/** Return the colour of a share of an error map's scale, 0 to 1, as [r, g, b]. */
export function colourOf(share) {
  return colourOfLevel(Math.round(Math.min(Math.max(share, 0), 1) * 255));
}

function colourOfLevel(level) {
  const place = (level / 255) * (ERROR_COLOURS.length - 1);
  const below = Math.min(Math.floor(place), ERROR_COLOURS.length - 2);
  const [from, to] = [ERROR_COLOURS[below], ERROR_COLOURS[below + 1]];
  return from.map((start, channel) => Math.round(start + (place - below) * (to[channel] - start)));
}

/** Return 256 colours as they lie in an ImageData, four bytes at once. */
function palette(colour) {
  const bytes = new Uint8Array(256 * 4);
  for (let level = 0; level < 256; level++) bytes.set([...colour(level), 255], level * 4);
  return new Uint32Array(bytes.buffer);
}

/**
 * Return how an image differs from its reference, pixel by pixel, as an ImageData.
 *
 * "absolute": the size of the difference times `times`, in the colours of `colourOf`, or as it is with "rgb".
 * "signed": image minus reference, times `times`, around a grey of 128.
 */
export function differenceMap(reference, image, { show, channels, times }) {
  mustBeOfOneSize(reference, image);
  const map = new ImageData(image.width, image.height);
  const fill = channels === "rgb" ? fillChannels : fillLevels;
  fill(map.data, reference.data, image.data, show === "signed", times, channels === "luma" ? LUMA : MEAN);
  return map;
}

function fillChannels(bytes, reference, image, isSigned, times) {
  const start = isSigned ? 128 : 0;
  for (let at = 0; at < bytes.length; at++) {
    const difference = image[at] - reference[at];
    bytes[at] = start + times * (isSigned ? difference : Math.abs(difference)); // the array clips
  }
  for (let at = 3; at < bytes.length; at += 4) bytes[at] = 255;
}

function fillLevels(bytes, reference, image, isSigned, times, { weights: [red, green, blue], whole }) {
  const pixels = new Uint32Array(bytes.buffer);
  const colours = isSigned ? GREY_PALETTE : ERROR_PALETTE;
  const isMeanOfSizes = !isSigned && whole === MEAN.whole; // channels that differ in two directions don't cancel
  for (let pixel = 0, at = 0; pixel < pixels.length; pixel++, at += 4) {
    const [r, g, b] = [image[at] - reference[at], image[at + 1] - reference[at + 1], image[at + 2] - reference[at + 2]];
    const sum = isMeanOfSizes ? Math.abs(r) + Math.abs(g) + Math.abs(b) : red * r + green * g + blue * b;
    const amount = (sum * times) / whole;
    const level = isSigned ? 128 + amount : Math.abs(amount);
    pixels[pixel] = colours[level <= 0 ? 0 : level >= 255 ? 255 : (level + 0.5) | 0];
  }
}

function mustBeOfOneSize(reference, image) {
  if (reference.width !== image.width || reference.height !== image.height) {
    const sizes = [reference, image].map(({ width, height }) => `${width}x${height}`);
    throw new RangeError(`expected an image of its reference's size ${sizes[0]}, found ${sizes[1]}: scale it first`);
  }
}

/** Return 1 - SSIM at each pixel in the colours of `colourOf`: black where alike. */
export async function structureMap(reference, image) {
  const values = await structureValues(reference, image);
  const map = new ImageData(image.width, image.height);
  const pixels = new Uint32Array(map.data.buffer);
  for (let at = 0; at < values.length; at++) {
    pixels[at] = ERROR_PALETTE[Math.round(Math.min(Math.max(1 - values[at], 0), 1) * 255)];
  }
  return map;
}

/**
 * Return the SSIM of the window around each pixel, mean of the channels: a Float32Array, row by row.
 *
 * Where the window would leave the image, the nearest one that fits counts. In an image smaller than it, it shrinks.
 */
export async function structureValues(reference, image) {
  mustBeOfOneSize(reference, image);
  const { width, height } = image;
  const values = new Float32Array(width * height);
  const before = (Math.min(WINDOW_PX, width, height) - 1) >> 1;
  await eachStructureRow(reference, image, [0, 0, width, height], (row, found) => {
    spread(values.subarray((row + before) * width, (row + before + 1) * width), found, before);
  });
  repeatOuterRows(values, width, height, Math.min(WINDOW_PX, width, height));
  return values;
}

function spread(row, found, before) {
  row.fill(found[0], 0, before);
  row.set(found, before);
  row.fill(found[found.length - 1], before + found.length);
}

function repeatOuterRows(values, width, height, windowPx) {
  const first = (windowPx - 1) >> 1;
  const last = first + height - windowPx;
  for (let row = 0; row < first; row++) values.copyWithin(row * width, first * width, (first + 1) * width);
  for (let row = last + 1; row < height; row++) values.copyWithin(row * width, last * width, (last + 1) * width);
}

/** Call take(row, SSIM of each window of that row) for the windows that fit into a box; the page has its turns. */
async function eachStructureRow(reference, image, box, take) {
  const turns = takeTurns();
  try {
    await smoothRows(reference, image, box, take, turns.next);
  } finally {
    turns.end();
  }
}

async function smoothRows(reference, image, [left, top, width, height], take, nextTurn) {
  const weights = windowWeights(Math.min(WINDOW_PX, width, height));
  const across = width - weights.length + 1;
  const rows = weights.map(() => new Float64Array(3 * SUMS * across)); // the last ones, smoothed across
  const products = new Float64Array(3 * SUMS * width);
  for (let row = 0; row < height; row++) {
    rows.push(rows.shift());
    const first = ((top + row) * image.width + left) * 4;
    fillProducts(products, reference.data, image.data, first, width);
    smoothAcross(rows[rows.length - 1], products, weights, width, across);
    if (row >= weights.length - 1) take(row - weights.length + 1, similarities(smoothedDown(rows, weights), across));
    await nextTurn();
  }
}

const waiting = []; // whose turn it may be; the last one goes first: the others may be of an image that was left

/** Return what gives the page its turn every so often, and then goes on unless something was asked for later. */
function takeTurns() {
  const own = { resume: () => {} };
  let since = performance.now();
  waiting.push(own);
  const next = async () => {
    if (performance.now() - since < TURN_MS) return;
    await pageTurn();
    while (waiting.at(-1) !== own) await new Promise((resolve) => (own.resume = resolve));
    since = performance.now();
  };
  const end = () => {
    waiting.splice(waiting.indexOf(own), 1);
    waiting.at(-1)?.resume();
  };
  return { next, end };
}

/** Let the page do what is due. A message, because a timer among timers waits for 4 ms. */
function pageTurn() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => resolve(port1.close());
    port2.postMessage(null);
  });
}

function windowWeights(windowPx) {
  const sigma = (WINDOW_SIGMA_PX * windowPx) / WINDOW_PX;
  const steps = Array.from({ length: windowPx }, (_, at) => (at - (windowPx - 1) / 2) / sigma);
  const heights = steps.map((step) => Math.exp(-(step ** 2) / 2));
  const sum = heights.reduce((one, other) => one + other);
  return heights.map((height) => height / sum);
}

function fillProducts(products, reference, image, first, width) {
  for (let channel = 0; channel < 3; channel++) {
    const start = channel * SUMS * width;
    for (let x = 0, at = first + channel; x < width; x++, at += 4) {
      const [one, other] = [reference[at], image[at]];
      products[start + x] = one;
      products[start + width + x] = other;
      products[start + 2 * width + x] = one * one + other * other;
      products[start + 3 * width + x] = one * other;
    }
  }
}

function smoothAcross(smoothed, values, weights, width, across) {
  for (let sum = 0; sum < 3 * SUMS; sum++) {
    for (let x = 0; x < across; x++) {
      let total = 0;
      for (let tap = 0; tap < weights.length; tap++) total += weights[tap] * values[sum * width + x + tap];
      smoothed[sum * across + x] = total;
    }
  }
}

function smoothedDown(rows, weights) {
  const total = new Float64Array(rows[0].length);
  rows.forEach((row, tap) => {
    const weight = weights[tap];
    for (let at = 0; at < total.length; at++) total[at] += weight * row[at];
  });
  return total;
}

function similarities(sums, across) {
  const found = new Float32Array(across);
  for (let channel = 0; channel < 3; channel++) {
    const start = channel * SUMS * across;
    for (let x = 0; x < across; x++) {
      const [one, other] = [sums[start + x], sums[start + across + x]];
      const [squares, product] = [one * one + other * other, one * other];
      const variances = sums[start + 2 * across + x] - squares;
      const covariance = sums[start + 3 * across + x] - product;
      const light = (2 * product + MEAN_CONSTANT) / (squares + MEAN_CONSTANT);
      found[x] += (light * (2 * covariance + VARIANCE_CONSTANT)) / (variances + VARIANCE_CONSTANT) / 3;
    }
  }
  return found;
}

/** Return PSNR and mean SSIM of a box of 8-bit pixels: Infinity where identical, null where no window fits. */
export async function boxFigures(reference, image, box) {
  mustBeOfOneSize(reference, image);
  const [, , width, height] = box;
  const error = squaredError(reference, image, box);
  const psnr_db = error === 0 ? Infinity : 10 * Math.log10((255 ** 2 * 3 * width * height) / error);
  return { psnr_db, ssim: Math.min(width, height) < WINDOW_PX ? null : await meanSimilarity(reference, image, box) };
}

function squaredError(reference, image, [left, top, width, height]) {
  let sum = 0;
  for (let y = top; y < top + height; y++) {
    for (let at = (y * image.width + left) * 4, end = at + width * 4; at < end; at += 4) {
      sum += (image.data[at] - reference.data[at]) ** 2;
      sum += (image.data[at + 1] - reference.data[at + 1]) ** 2;
      sum += (image.data[at + 2] - reference.data[at + 2]) ** 2;
    }
  }
  return sum;
}

async function meanSimilarity(reference, image, box) {
  let sum = 0;
  let count = 0;
  await eachStructureRow(reference, image, box, (_, found) => {
    for (const value of found) sum += value;
    count += found.length;
  });
  return sum / count;
}

/** Return the middle of the part, six cells on a side, in which an image is furthest from its reference. */
export function worstPlace(reference, image) {
  mustBeOfOneSize(reference, image);
  const across = Math.ceil(image.width / CELL_PX);
  const down = Math.ceil(image.height / CELL_PX);
  const errorOf = (_, cell) => cellError(reference, image, cell % across, Math.floor(cell / across));
  const errors = Float64Array.from({ length: across * down }, errorOf);
  const [wide, high] = [Math.min(WORST_CELLS, across), Math.min(WORST_CELLS, down)];
  let most = { error: -1, place: [0, 0] };
  for (let top = 0; top + high <= down; top++) {
    for (let left = 0; left + wide <= across; left++) {
      const error = sumOf(errors, across, [left, top, wide, high]);
      if (error > most.error) most = { error, place: [(left + wide / 2) * CELL_PX, (top + high / 2) * CELL_PX] };
    }
  }
  return most.place.map((at, axis) => Math.min(at, [image.width, image.height][axis]));
}

function cellError(reference, image, column, row) {
  const [left, top] = [column * CELL_PX, row * CELL_PX];
  const sides = [Math.min(CELL_PX, image.width - left), Math.min(CELL_PX, image.height - top)];
  return squaredError(reference, image, [left, top, ...sides]);
}

function sumOf(errors, across, [left, top, wide, high]) {
  let sum = 0;
  for (let row = top; row < top + high; row++) {
    for (let column = left; column < left + wide; column++) sum += errors[row * across + column];
  }
  return sum;
}

/** Return [r, g, b] of a pixel. */
export function valueAt(image, x, y) {
  const at = (y * image.width + x) * 4;
  return Array.from(image.data.subarray(at, at + 3));
}

/** Return how many pixels of a box have each of the 256 values, for each channel. */
export function histogramOf(image, [left, top, width, height]) {
  const [r, g, b] = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)];
  for (let y = top; y < top + height; y++) {
    for (let at = (y * image.width + left) * 4, end = at + width * 4; at < end; at += 4) {
      r[image.data[at]]++;
      g[image.data[at + 1]]++;
      b[image.data[at + 2]]++;
    }
  }
  return { r, g, b };
}

/** Draw the three channels' histograms over each other, by the root of the counts, so that rare values show too. */
export function drawHistogram(canvas, { r, g, b }) {
  const context = canvas.getContext("2d");
  const most = Math.sqrt(Math.max(1, ...r, ...g, ...b));
  context.clearRect(0, 0, canvas.width, canvas.height);
  [r, g, b].forEach((counts, channel) => {
    context.beginPath();
    outlineCounts(context, counts, canvas, most);
    context.strokeStyle = context.fillStyle = BRIGHT_CHANNELS[channel];
    context.globalAlpha = 0.3;
    context.fill();
    context.globalAlpha = 1;
    context.stroke();
  });
}

function outlineCounts(context, counts, { width, height }, most) {
  context.moveTo(0, height);
  counts.forEach((count, value) => {
    const y = height - (Math.sqrt(count) / most) * (height - 1);
    context.lineTo((value / 256) * width, y);
    context.lineTo(((value + 1) / 256) * width, y);
  });
  context.lineTo(width, height);
}

/** Draw the scale of an error map from its 0 at the left; of a signed one from the darkest to the lightest grey. */
export function drawScale(canvas, { show, channels }) {
  const isGrey = show === "signed" || (show === "absolute" && channels === "rgb");
  const context = canvas.getContext("2d");
  for (let x = 0; x < canvas.width; x++) {
    const share = canvas.width > 1 ? x / (canvas.width - 1) : 0;
    const level = Math.round(share * 255);
    context.fillStyle = `rgb(${isGrey ? [level, level, level] : colourOf(share)})`;
    context.fillRect(x, 0, 1, canvas.height);
  }
}

/** Return what the colours of a map mean, in words, beside the menus of channels and amplification. */
export function scaleWords({ show, channels, times }) {
  if (show === "picture") return "";
  if (show === "structure") return "1 \u2212 SSIM, 0 black to 1 light yellow";
  if (show === "signed") return "grey where equal, lighter where too light";
  return channels === "rgb" ? "black where equal" : `0 black to ${Math.round(255 / times)} of 255 light yellow`;
}
