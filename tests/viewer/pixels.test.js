// Each pixel against plain code that says the same in another way, and against figures computed by hand.

import * as pixels from "../../aic_helpers/reporting/viewer/pixels.js";
import { expectedMap, similarityAt, windowSimilarity } from "./expected.js";
import { equal, near, refusal, test } from "./harness.js";
import { noise, picture, pixelOf } from "./pictures.js";

const ONE = noise(37, 23, 1);
const OTHER = noise(37, 23, 2);
const FLAT = (...colour) => picture(1, 1, () => colour);

// Matplotlib's "inferno" at the quarters.
const INFERNO = [
  [0, 0, 4],
  [88, 16, 110],
  [188, 56, 84],
  [249, 143, 9],
  [252, 255, 164],
];

test("the colours of errors rise from black to light yellow as inferno does", () => {
  INFERNO.forEach((wished, quarter) => {
    pixels.colourOf(quarter / 4).forEach((value, channel) => near(value, wished[channel], 1, `quarter ${quarter}`));
  });
  equal(pixels.colourOf(-3), [0, 0, 4]);
  equal(pixels.colourOf(7), [252, 255, 164]);
});

for (const show of ["absolute", "signed"]) {
  for (const channels of ["mean", "luma", "rgb"]) {
    test(`${show} difference, ${channels}: every pixel of noise, for all amplifications`, () => {
      for (const times of [1, 2, 4, 8, 16]) {
        const found = pixels.differenceMap(ONE, OTHER, { show, channels, times });
        equal([found.width, found.height], [37, 23]);
        equal(found.data, expectedMap(ONE, OTHER, { show, channels, times }).data, `times ${times}`);
      }
    });
  }
}

test("channels that differ in two directions don't cancel in the absolute mean", () => {
  const look = { show: "absolute", channels: "mean", times: 1 };
  const found = pixels.differenceMap(FLAT(100, 100, 100), FLAT(130, 70, 100), look);
  equal(pixelOf(found, 0, 0), [...pixels.colourOf(20 / 255), 255]);
});

test("a signed difference is light where the image is lighter than its reference", () => {
  const look = { show: "signed", channels: "luma", times: 2 };
  equal(pixelOf(pixels.differenceMap(FLAT(100, 100, 100), FLAT(110, 110, 110), look), 0, 0), [148, 148, 148, 255]);
  equal(pixelOf(pixels.differenceMap(FLAT(100, 100, 100), FLAT(100, 100, 100), look), 0, 0), [128, 128, 128, 255]);
  equal(pixelOf(pixels.differenceMap(FLAT(255, 255, 255), FLAT(0, 0, 0), look), 0, 0), [0, 0, 0, 255]);
});

test("images of unlike sizes are refused with both sizes", async () => {
  const look = { show: "absolute", channels: "mean", times: 1 };
  const words = "expected an image of its reference's size 37x23, found 1x1: scale it first";
  equal(await refusal(() => pixels.differenceMap(ONE, FLAT(0, 0, 0), look)), words);
  equal(await refusal(() => pixels.structureValues(ONE, FLAT(0, 0, 0))), words);
  equal(await refusal(() => pixels.boxFigures(ONE, FLAT(0, 0, 0), [0, 0, 1, 1])), words);
});

test("SSIM of identical images is 1 everywhere, and their map is black", async () => {
  const values = await pixels.structureValues(ONE, ONE);
  values.forEach((value) => near(value, 1, 1e-6));
  equal([...new Set((await pixels.structureMap(ONE, ONE)).data)], [0, 4, 255]);
});

test("SSIM of two flat images is what the formula gives of their means alone", async () => {
  const [one, other] = [picture(20, 15, () => [100, 100, 100]), picture(20, 15, () => [120, 120, 120])];
  const wished = (2 * 100 * 120 + 2.55 ** 2) / (100 ** 2 + 120 ** 2 + 2.55 ** 2);
  (await pixels.structureValues(one, other)).forEach((value) => near(value, wished, 1e-6));
});

test("SSIM of the one window of 11x11 is that of the formula, summed with its weights", async () => {
  const [one, other] = [noise(11, 11, 3), noise(11, 11, 4)];
  const wished = windowSimilarity(one, other, 0, 0);
  const values = await pixels.structureValues(one, other);
  values.forEach((value) => near(value, wished, 1e-6));
  near((await pixels.boxFigures(one, other, [0, 0, 11, 11])).ssim, wished, 1e-6);
});

test("SSIM at each pixel is that of the window around it, at the border of the nearest window", async () => {
  const values = await pixels.structureValues(ONE, OTHER);
  for (const [x, y] of [
    [5, 5],
    [31, 17],
    [20, 11],
    [0, 0],
    [36, 22],
    [2, 12],
    [36, 0],
  ]) {
    near(values[y * 37 + x], similarityAt(ONE, OTHER, x, y), 1e-6, `${x}, ${y}`);
  }
});

test("the map of structure has the colour of 1 - SSIM at each pixel", async () => {
  const values = await pixels.structureValues(ONE, OTHER);
  const map = await pixels.structureMap(ONE, OTHER);
  values.forEach((value, at) => {
    equal(Array.from(map.data.slice(at * 4, at * 4 + 4)), [...pixels.colourOf(1 - value), 255], `pixel ${at}`);
  });
});

test("images too small for a window have a map all the same: 1x1, 20000x1, 5x300", async () => {
  for (const [width, height] of [
    [1, 1],
    [20000, 1],
    [5, 300],
    [10, 11],
  ]) {
    const values = await pixels.structureValues(noise(width, height, 5), noise(width, height, 5));
    equal(values.length, width * height);
    values.forEach((value) => near(value, 1, 1e-6, `${width}x${height}`));
  }
});

test("the page has its turn while a large SSIM map is made", async () => {
  let turns = 0;
  const count = setInterval(() => turns++);
  await pixels.structureMap(noise(900, 500, 6), noise(900, 500, 7));
  clearInterval(count);
  if (turns < 3) throw new Error(`expected several turns, found ${turns}`);
});

test("of several SSIM maps the one asked for last comes first, and all come", async () => {
  const done = [];
  const images = [6, 7, 8, 9].map((seed) => noise(900, 400, seed));
  const all = images.map((image, number) => pixels.structureMap(images[0], image).then(() => done.push(number)));
  await Promise.all(all);
  equal(done, [3, 2, 1, 0]);
});

test("PSNR of a box counts the pixels of that box alone", async () => {
  const one = picture(30, 20, () => [50, 60, 70]);
  const other = picture(30, 20, (x, y) => (x === 3 && y === 4 ? [60, 60, 70] : [50, 60, 70]));
  near((await pixels.boxFigures(one, other, [3, 4, 1, 1])).psnr_db, 10 * Math.log10(255 ** 2 / (100 / 3)), 1e-12);
  near((await pixels.boxFigures(one, other, [2, 3, 5, 4])).psnr_db, 10 * Math.log10(255 ** 2 / (100 / 60)), 1e-12);
  equal(await pixels.boxFigures(one, other, [4, 4, 26, 16]), { psnr_db: Infinity, ssim: 1 });
});

test("a box under 11 px has no SSIM", async () => {
  equal((await pixels.boxFigures(ONE, OTHER, [0, 0, 10, 23])).ssim, null);
  equal((await pixels.boxFigures(ONE, OTHER, [0, 0, 37, 10])).ssim, null);
});

test("SSIM of a box is the mean over the windows that lie in it", async () => {
  const inner = picture(12, 11, (x, y) => pixelOf(ONE, x + 7, y + 9).slice(0, 3));
  const other = picture(12, 11, (x, y) => pixelOf(OTHER, x + 7, y + 9).slice(0, 3));
  const wished = (windowSimilarity(inner, other, 0, 0) + windowSimilarity(inner, other, 1, 0)) / 2;
  near((await pixels.boxFigures(ONE, OTHER, [7, 9, 12, 11])).ssim, wished, 1e-6);
});

test("the worst place is the middle of the part that differs most, in sum and not in one pixel", () => {
  const one = picture(400, 300, () => [100, 100, 100]);
  const isIn = ([left, top], x, y) => x >= left && x < left + 96 && y >= top && y < top + 96;
  const value = (x, y) => (x === 8 && y === 8 ? 255 : isIn([192, 160], x, y) ? 112 : 100);
  const other = picture(400, 300, (x, y) => [value(x, y), 100, 100]);
  equal(pixels.worstPlace(one, other), [240, 208]);
});

test("the worst place lies in the image, whatever its size; the first of equal ones", () => {
  for (const [width, height] of [
    [1, 1],
    [37, 23],
    [95, 97],
    [20000, 3],
  ]) {
    const [x, y] = pixels.worstPlace(noise(width, height, 1), noise(width, height, 2));
    equal(x >= 0 && x <= width && y >= 0 && y <= height, true, `${x}, ${y} of ${width}x${height}`);
  }
  equal(pixels.worstPlace(ONE, ONE), [24, 16]);
  equal(pixels.worstPlace(noise(300, 200, 1), noise(300, 200, 1)), [48, 48]);
});

test("a histogram counts each channel of a box", () => {
  const image = picture(4, 3, (x, y) => [x, y, 255]);
  const { r, g, b } = pixels.histogramOf(image, [1, 0, 3, 2]);
  equal([r[0], r[1], r[2], r[3], r[4]], [0, 2, 2, 2, 0]);
  equal([g[0], g[1], g[2]], [3, 3, 0]);
  equal([b[254], b[255]], [0, 6]);
});

test("the value at a pixel is red, green, blue", () => {
  equal(
    pixels.valueAt(
      picture(3, 2, (x, y) => [x, y, x + 10 * y]),
      2,
      1,
    ),
    [2, 1, 12],
  );
});

test("a drawn histogram stands on the ground where values are, and nowhere else", () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 256, height: 50 });
  const column = (x) => Array.from(canvas.getContext("2d").getImageData(x, 2, 1, 46).data);
  const alphas = (x) => column(x).filter((_, at) => at % 4 === 3);
  const image = picture(10, 10, () => [40, 40, 200]);
  pixels.drawHistogram(canvas, pixels.histogramOf(image, [0, 0, 10, 10]));
  equal(
    [40, 200].map((x) => alphas(x).every((alpha) => alpha > 0)),
    [true, true],
  );
  equal(
    [20, 120, 240].map((x) => alphas(x).some((alpha) => alpha > 0)),
    [false, false, false],
  );
});

test("the drawn scale goes from the first colour to the last; grey for what is grey", () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 4 });
  const ends = () => [0, 63].map((x) => Array.from(canvas.getContext("2d").getImageData(x, 2, 1, 1).data.slice(0, 3)));
  for (const [show, channels, wished] of [
    [
      "absolute",
      "luma",
      [
        [0, 0, 4],
        [252, 255, 164],
      ],
    ],
    [
      "structure",
      "rgb",
      [
        [0, 0, 4],
        [252, 255, 164],
      ],
    ],
    [
      "absolute",
      "rgb",
      [
        [0, 0, 0],
        [255, 255, 255],
      ],
    ],
    [
      "signed",
      "mean",
      [
        [0, 0, 0],
        [255, 255, 255],
      ],
    ],
  ]) {
    pixels.drawScale(canvas, { show, channels });
    equal(ends(), wished, `${show} ${channels}`);
  }
});

test("the scale in words says where it ends", () => {
  const words = (show, channels, times) => pixels.scaleWords({ show, channels, times });
  equal(words("picture", "mean", 4), "");
  equal(words("absolute", "mean", 4), "0 black to 64 of 255 light yellow");
  equal(words("absolute", "rgb", 1), "black where equal");
  equal(words("signed", "luma", 8), "grey where equal, lighter where too light");
  equal(words("structure", "mean", 1), "1 \u2212 SSIM, 0 black to 1 light yellow");
});

test("the worst place is the middle of the 96 px that hold the error", () => {
  const flat = picture(320, 200, () => [90, 90, 90]);
  const wrong = picture(320, 200, (x, y) => (x >= 160 && x < 256 && y >= 64 && y < 160 ? [190, 90, 90] : [90, 90, 90]));
  equal(pixels.worstPlace(flat, wrong), [208, 112]);
});

test("the worst place of an image smaller than that is its middle", () => {
  equal(pixels.worstPlace(noise(40, 24, 1), noise(40, 24, 2)), [24, 16]);
  equal(pixels.worstPlace(FLAT(1, 2, 3), FLAT(4, 5, 6)), [1, 1]);
});
