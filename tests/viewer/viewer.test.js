// The viewer in a page without a kernel: after each move of the hand all panes have the pixels that they should have.

import { NARROW_PX } from "../../aic_helpers/reporting/viewer/geometry.js";
import { colourOf } from "../../aic_helpers/reporting/viewer/pixels.js";
import { mountAll } from "../../aic_helpers/reporting/viewer/viewer.js";
import { drawn, exact, middle, same, shows } from "./comparing.js";
import { expectedMap, similarityAt } from "./expected.js";
import { equal, near, stage, test, until } from "./harness.js";
import { all, containerOf, drag, frames, mounted, placeOf, point, press, seen, settled } from "./mounted.js";
import { noise, picture, pixelOf } from "./pictures.js";

const NAMES = ["input", "fast", "target"];
const setBy = (made) => Object.fromEntries(NAMES.map((name, at) => [name, made(name, at)]));
const setOf = (width, height, seed = 1) => setBy((_, at) => noise(width, height, seed + at));
const SMALL = setOf(40, 30);
const LARGE = setOf(200, 150);

const showAll = (set, place) => NAMES.forEach((name, number) => shows(number, set[name], place));

test("at first the whole of each picture, enlarged by a whole number, in the middle of its pane", async () => {
  await mounted({ a: SMALL }, { panes: NAMES });
  const zoom = Math.floor(Math.min(seen(0).width / 40, seen(0).height / 30));
  equal(zoom > 3, true);
  showAll(SMALL, { origin: middle(seen(0), [40, 30], zoom), zoom });
});

for (const zoom of [1, 2, 4, 8]) {
  test(`zoom ${zoom}:1 has each pixel as a square of ${zoom}, in all panes`, async () => {
    await mounted({ a: LARGE }, { panes: NAMES, zoom });
    showAll(LARGE, { origin: middle(seen(0), [200, 150], zoom), zoom });
  });
}

test("a drag moves all panes by as many pixels", async () => {
  await mounted({ a: LARGE }, { panes: NAMES, zoom: 4 });
  const [left, top] = middle(seen(0), [200, 150], 4);
  await drag([150, 100], [100, 130], { number: 1 });
  showAll(LARGE, { origin: [left - 50, top + 30], zoom: 4 });
});

test("a drag ends at the edges of the picture", async () => {
  await mounted({ a: LARGE }, { panes: NAMES, zoom: 4 });
  for (let turn = 0; turn < 5; turn++) await drag([10, 10], [200, 150]);
  showAll(LARGE, { origin: [0, 0], zoom: 4 });
  for (let turn = 0; turn < 8; turn++) await drag([200, 150], [10, 10]);
  showAll(LARGE, { origin: [seen(0).width - 800, seen(0).height - 600], zoom: 4 });
});

test("a pointer that isn't down moves nothing", async () => {
  await mounted({ a: LARGE }, { panes: NAMES, zoom: 4 });
  const origin = middle(seen(0), [200, 150], 4);
  point("pointermove", [20, 20]);
  point("pointermove", [90, 90]);
  await settled();
  showAll(LARGE, { origin, zoom: 4 });
});

test("the wheel enlarges at the pointer in all panes, and back", async () => {
  await mounted({ a: LARGE }, { panes: NAMES, zoom: 4 });
  const [left, top] = exact(seen(0), [100, 75], 4);
  const wheel = point("wheel", [180, 60], { number: 2, deltaY: -300 });
  equal(wheel.defaultPrevented, true, "the page stays");
  await settled();
  showAll(LARGE, { origin: [180 - 2 * (180 - left), 60 - 2 * (60 - top)].map(Math.round), zoom: 8 });
  point("wheel", [180, 60], { number: 0, deltaY: 300 });
  await settled();
  showAll(LARGE, { origin: [left, top].map(Math.round), zoom: 4 });
});

test("the wheel ends at the whole picture", async () => {
  const app = await mounted({ a: LARGE }, { panes: NAMES, zoom: 4 });
  for (let turn = 0; turn < 5; turn++) point("wheel", [20, 20], { deltaY: 500 });
  await settled();
  equal([app.view.zoom, app.place().x, app.place().y], [0, 100, 75]);
});

test("while a page is scrolled, a picture that comes under the pointer lets it scroll", async () => {
  await mounted({ a: LARGE }, { panes: NAMES, zoom: 4 });
  point("wheel", [20, 20], { on: document.body, deltaY: 100 });
  equal(point("wheel", [20, 20], { deltaY: 100 }).defaultPrevented, false);
  await until(() => point("wheel", [20, 20], { deltaY: 0.001 }).defaultPrevented === false, "a wheel");
});

test("a double click shows 1:1 at the pointer, a second one the whole", async () => {
  const set = setOf(1500, 1000);
  await mounted({ a: set }, { panes: NAMES });
  const fit = Math.min(seen(0).width / 1500, seen(0).height / 1000);
  const [left, top] = exact(seen(0), [750, 500], fit);
  const [right, down] = placeOf(point("dblclick", [120, 70], { number: 1 }), 1);
  const origin = [right - (right - left) / fit, down - (down - top) / fit].map(Math.round);
  await settled();
  showAll(set, { origin, zoom: 1 });
  point("dblclick", [120, 70]);
  await settled();
  equal(document.querySelector("[aria-label=Zoom]").value, "0");
});

test("two fingers enlarge what is between them", async () => {
  const app = await mounted({ a: LARGE }, { panes: NAMES, zoom: 4 });
  const touch = (type, id, place) => point(type, place, { pointerId: id, pointerType: "touch" });
  const before = exact(seen(0), [100, 75], 4).map((corner, axis) => ([130, 80][axis] - corner) / 4);
  touch("pointerdown", 1, [110, 80]);
  touch("pointerdown", 2, [150, 80]);
  for (let step = 1; step <= 20; step++) {
    touch("pointermove", 1, [110 - step, 80]);
    touch("pointermove", 2, [150 + step, 80]);
  }
  touch("pointerup", 1, [90, 80]);
  touch("pointerup", 2, [170, 80]);
  await settled();
  const { zoom, x, y } = app.place();
  near(zoom, 8, 1e-6, "twice as far apart");
  near(seen(0).width / 2 - (x - before[0]) * zoom, 130, 1e-6, "the middle of the fingers, across");
  near(seen(0).height / 2 - (y - before[1]) * zoom, 80, 1e-6, "the middle of the fingers, down");
});

for (const side of [2, 4, 8]) {
  test(`at a zoom of 1:${side} each screen pixel is the mean of ${side}x${side}`, async () => {
    const set = setOf(640, 480);
    await mounted({ a: set }, { panes: NAMES, zoom: 1 / side });
    const [left, top] = middle(seen(0), [640, 480], 1 / side).map((corner) => Math.max(corner, 0));
    const start = exact(seen(0), [320, 240], 1 / side).map((corner) => Math.max(-Math.round(corner), 0));
    for (const [x, y] of [
      [0, 0],
      [31, 20],
      [70, 50],
    ]) {
      const wished = meanOf(set.fast, side * (x + start[0]), side * (y + start[1]), side);
      const most = 0.75 * Math.log2(side); // each halving rounds
      pixelOf(seen(1), left + x, top + y).forEach((value, at) => near(value, wished[at], most, `${x}, ${y}`));
    }
  });
}

/** Return the mean colour of a square. */
function meanOf(pixels, left, top, side) {
  const places = Array.from({ length: side * side }, (_, at) => [left + (at % side), top + Math.floor(at / side)]);
  const colours = places.map((place) => pixelOf(pixels, ...place));
  return [0, 1, 2, 3].map((channel) => colours.reduce((sum, colour) => sum + colour[channel], 0) / colours.length);
}

for (const upright of [true, false]) {
  test(`the slider, line ${upright ? "upright" : "lying"}: the first picture before it, the second after`, async () => {
    await mounted({ a: LARGE }, { panes: NAMES, mode: "slider", zoom: 4, split: 0.25, upright });
    equal(frames().length, 1);
    sliderShows(0.25, upright);
    const { width, height } = seen(0);
    const [from, to] = [0.25, 0.6].map((share) => [Math.round(share * width), Math.round(share * height)]);
    await drag(from, to, { on: all(".aic-line")[0] });
    sliderShows(upright ? to[0] / width : to[1] / height, upright);
  });
}

/** Check both sides of the line, but for the pixels on it. */
function sliderShows(split, upright) {
  const found = seen(0);
  const place = { origin: middle(found, [200, 150], 4), zoom: 4 };
  const line = split * (upright ? found.width : found.height);
  const after = (x, y) => (upright ? x : y) - line;
  same(found, drawn(found, LARGE.input, place), "before the line", (x, y) => after(x, y) < -1.5);
  same(found, drawn(found, LARGE.fast, place), "after the line", (x, y) => after(x, y) > 1.5);
}

test("blink shows the first two in turn, with the name of that which is seen", async () => {
  await mounted({ a: LARGE }, { panes: NAMES, mode: "blink", zoom: 4 });
  const origin = middle(seen(0), [200, 150], 4);
  const name = () =>
    all(".aic-name")
      .filter((one) => !one.hidden)
      .map((one) => one.textContent)
      .join();
  for (const wished of ["fast", "input", "fast"]) {
    await until(() => name() === wished, wished);
    shows(0, LARGE[wished], { origin, zoom: 4 });
  }
});

test("a key that is held shows the first pane's picture everywhere, for as long", async () => {
  await mounted({ a: LARGE }, { panes: NAMES, zoom: 4 });
  const origin = middle(seen(0), [200, 150], 4);
  await press("f");
  for (const number of [0, 1, 2]) shows(number, LARGE.input, { origin, zoom: 4 });
  frames()[0].dispatchEvent(new KeyboardEvent("keyup", { key: "f", bubbles: true }));
  await settled();
  showAll(LARGE, { origin, zoom: 4 });
});

for (const mode of ["slider", "blink"]) {
  test(`the key that is held shows the first picture alone in ${mode}, too`, async () => {
    await mounted({ a: LARGE }, { panes: NAMES, mode, zoom: 4 });
    await press("f");
    shows(0, LARGE.input, { origin: middle(seen(0), [200, 150], 4), zoom: 4 });
    equal(
      all(".aic-name")
        .filter((name) => !name.hidden && !name.parentElement.hidden)
        .map((name) => name.textContent),
      ["input"],
    );
    frames()[0].dispatchEvent(new KeyboardEvent("keyup", { key: "f", bubbles: true }));
  });
}

test("where the wheel can change nothing the page may scroll", async () => {
  await mounted({ a: LARGE }, { panes: NAMES });
  equal(point("wheel", [50, 50], { deltaY: 100 }).defaultPrevented, false, "down at the whole picture");
  equal(point("wheel", [50, 50], { deltaX: 100 }).defaultPrevented, false, "sideways");
  equal(point("wheel", [50, 50], { deltaY: -100 }).defaultPrevented, true, "up");
});

test("reducing a small picture from a zoom below its whole doesn't enlarge it", async () => {
  const app = await mounted({ a: SMALL }, { panes: NAMES, zoom: 4 });
  await press("-");
  equal(app.view.zoom, 2);
  await press("-");
  await press("-");
  equal(app.view.zoom, 1);
});

for (const show of ["absolute", "signed"]) {
  for (const channels of ["mean", "luma", "rgb"]) {
    test(`the ${show} error map, ${channels}, of the target; the target itself as it is`, async () => {
      await mounted({ a: SMALL }, { panes: NAMES, show, channels, times: 2, zoom: 6 });
      const place = { origin: middle(seen(0), [40, 30], 6), zoom: 6 };
      shows(0, expectedMap(SMALL.target, SMALL.input, { show, channels, times: 2 }), place);
      shows(1, expectedMap(SMALL.target, SMALL.fast, { show, channels, times: 2 }), place);
      shows(2, SMALL.target, place);
    });
  }
}

test("the map of structure", async () => {
  await mounted({ a: SMALL }, { panes: NAMES, show: "structure", zoom: 6 });
  const map = (image) => picture(40, 30, (x, y) => colourOf(1 - similarityAt(SMALL.target, image, x, y)));
  const place = { origin: middle(seen(0), [40, 30], 6), zoom: 6 };
  shows(0, map(SMALL.input), place);
  shows(1, map(SMALL.fast), place);
  shows(2, SMALL.target, place);
});

test("an error map follows another amplification and goes away again", async () => {
  const app = await mounted({ a: SMALL }, { panes: NAMES, show: "absolute", times: 1, zoom: 6 });
  const place = { origin: middle(seen(0), [40, 30], 6), zoom: 6 };
  app.change({ times: 16 });
  await settled();
  shows(1, expectedMap(SMALL.target, SMALL.fast, { show: "absolute", channels: "mean", times: 16 }), place);
  app.change({ show: "picture" });
  await settled();
  showAll(SMALL, place);
});

test("brightness is the screen's alone: the canvas has the picture's pixels", async () => {
  const app = await mounted({ a: SMALL }, { panes: NAMES, light: 2, zoom: 6 });
  showAll(SMALL, { origin: middle(seen(0), [40, 30], 6), zoom: 6 });
  equal(getComputedStyle(frames()[0].querySelector("canvas")).filter, "brightness(4)");
  app.change({ light: 0 });
  await settled();
  equal(getComputedStyle(frames()[0].querySelector("canvas")).filter, "none");
});

test("pictures of unlike sizes lie in the target's frame, and so do their error maps", async () => {
  const set = { input: noise(10, 8, 1), fast: noise(40, 32, 2), target: noise(40, 32, 3) };
  const app = await mounted({ a: set }, { panes: NAMES, zoom: 4 });
  const place = { origin: middle(seen(0), [40, 32], 4), zoom: 4 };
  shows(0, set.input, place, 4);
  shows(1, set.fast, place);
  app.change({ show: "absolute", times: 1 });
  await settled();
  const stretched = picture(40, 32, (x, y) => pixelOf(set.input, x >> 2, y >> 2));
  shows(0, expectedMap(set.target, stretched, { show: "absolute", channels: "mean", times: 1 }), place);
});

test("odd sizes, at an odd zoom, moved to a corner", async () => {
  const set = setOf(37, 23);
  await mounted({ a: set }, { panes: NAMES, zoom: 17, x: 0, y: 0 });
  showAll(set, { origin: [0, 0], zoom: 17 });
});

test("a picture of 1x1 fills a square in the middle, for pictures and all maps", async () => {
  const set = setOf(1, 1);
  const app = await mounted({ a: set }, { panes: NAMES });
  const place = { origin: middle(seen(0), [1, 1], 64), zoom: 64 };
  showAll(set, place);
  app.change({ show: "signed", channels: "rgb", times: 1 });
  await settled();
  shows(1, expectedMap(set.target, set.fast, { show: "signed", channels: "rgb", times: 1 }), place);
  app.change({ show: "structure" });
  await settled();
  equal(
    frames().map((frame) => frame.getAttribute("aria-busy")),
    ["false", "false", "false"],
  );
});

test("a picture of 20000x3: whole, and 1:1 at its right end", async () => {
  const grey = (x, y) => [x % 256, (x >> 8) % 256, 80 * y];
  const set = setBy(() => picture(20000, 3, grey));
  const app = await mounted({ a: set }, { panes: NAMES });
  equal(
    seen(0).data.some((value, at) => at % 4 === 3 && value > 200),
    true,
    "a line of it is to be seen",
  );
  app.change({ zoom: 1, x: 20000, y: 1 });
  await settled();
  const top = middle(seen(0), [20000, 3], 1)[1];
  showAll(set, { origin: [seen(0).width - 20000, top], zoom: 1 });
});

test("under the pointer stand its pixel's values in every pane, with the difference from the target", async () => {
  const there = { input: [10, 20, 30], fast: [12, 20, 25], target: [11, 21, 31] };
  const set = setBy((name) => picture(40, 30, (x, y) => (x === 3 && y === 2 ? there[name] : [0, 0, 0])));
  await mounted({ a: set }, { panes: NAMES, zoom: 6 });
  const [left, top] = middle(seen(0), [40, 30], 6);
  point("pointermove", [left + 3 * 6 + 5, top + 2 * 6 + 5], { number: 1 });
  await settled();
  const words = () =>
    all(".aic-values")
      .filter((one) => one.textContent)
      .map((one) => one.textContent);
  const values = ["10 20 30  Δ \u22121 \u22121 \u22121", "12 20 25  Δ +1 \u22121 \u22126", "11 21 31"];
  equal(
    words(),
    values.map((value) => `3, 2: ${value}`),
  );
  const crosses = () => all(".aic-across, .aic-down").filter((one) => !one.hidden).length;
  equal(crosses(), 6);
  point("pointerleave", [left, top], { number: 1 });
  await settled();
  equal([words(), crosses()], [[], 0]);
});

test("a rectangle drawn with Shift gives that part's figures in every pane", async () => {
  const flat = (value) => picture(40, 30, (x) => (x < 20 ? [100, 100, 100] : [value, value, value]));
  await mounted({ a: { input: flat(110), fast: flat(100), target: flat(100) } }, { panes: NAMES, zoom: 6 });
  const [left, top] = middle(seen(0), [40, 30], 6);
  await drag([left + 20 * 6 + 1, top + 6 + 1], [left + 30 * 6 - 1, top + 13 * 6 - 1], { shiftKey: true });
  const words = () => all(".aic-crop").map((one) => one.textContent);
  await until(() => words().filter(Boolean).length === 4, "figures of the rectangle");
  const psnr = (20 * Math.log10(255 / 10)).toFixed(2);
  equal(words(), [`${psnr}\u00a0dB`, "too small for SSIM", "infinite: identical", "too small for SSIM"]);
  await press("Escape");
  equal(words(), []);
});

test("where the track's figures are of luma, those that the page makes of a rectangle say RGB", async () => {
  const metrics = [
    { key: "psnr_db", title: "PSNR (Y)", unit: "dB", digits: 2, colour: "y" },
    { key: "ssim", title: "SSIM (Y)", unit: "", digits: 4, colour: "y" },
  ];
  const flat = (value) => picture(40, 30, () => [value, value, value]);
  const pictures = { input: flat(110), fast: flat(100), target: flat(100) };
  await mounted({ a: pictures }, { panes: NAMES }, { changes: { metrics } });
  await press("r");
  const words = () => all(".aic-crop").map((one) => one.textContent);
  await until(() => words().filter(Boolean).length === 4, "figures of the rectangle");
  const psnr = (20 * Math.log10(255 / 10)).toFixed(2);
  const similar = ((2 * 110 * 100 + 2.55 ** 2) / (110 ** 2 + 100 ** 2 + 2.55 ** 2)).toFixed(4);
  equal(words(), [`RGB ${psnr}\u00a0dB`, `RGB SSIM ${similar}`, "RGB infinite: identical", "RGB SSIM 1.0000"]);
});

test("a long name of a score takes no place from the metrics, and figures of a rectangle break at spaces alone", async () => {
  const rows = [["score perceptual_quality_of_all", "38.50"]];
  const shown = [{ name: "input" }, { name: "target" }, { name: "base" }, { name: "fast", rows }];
  const metrics = [{ key: "psnr_db", title: "PSNR (Y)", unit: "dB", digits: 2, colour: "y" }];
  const view = { panes: ["input", "fast", "target"], more: true };
  for (const width of [1000, 800, 400]) {
    await mounted({ a: LARGE }, view, { width, changes: { shown, metrics } });
    await press("r");
    await until(() => all(".aic-crop").length > 1 && all(".aic-crop").every((one) => one.textContent), "figures");
    for (const figures of all(".aic-figures-of")) {
      const words = figures.querySelector(".aic-crop");
      if (!words) continue;
      const range = document.createRange();
      range.setStart(words.firstChild, "RGB ".length);
      range.setEnd(words.firstChild, words.textContent.length);
      equal(range.getClientRects().length, 1, `the number is in one line at ${width} px`);
      equal(figures.scrollWidth <= figures.clientWidth + 1, true, `nothing sticks out at ${width} px`);
    }
  }
});

test("an input that is enlarged says so wherever it is named", async () => {
  const shown = [{ name: "input", title: "input (enlarged)" }, { name: "target" }, { name: "base" }, { name: "fast" }];
  const view = { panes: NAMES, more: true, mode: "slider" };
  const app = await mounted({ a: SMALL }, view, { changes: { shown } });
  const options = (label) => [...all(`[aria-label="${label}"] option`)].map((one) => [one.value, one.textContent]);
  const named = [
    ["input", "input (enlarged)"],
    ["base", "base"],
    ["fast", "fast"],
  ];
  equal(options("of"), named);
  equal(options("Pane 1"), [named[0], ["target", "target"], ...named.slice(1)]);
  equal(options("Save the whole picture of a pane as PNG")[1], named[0]);
  equal(frames()[0].textContent.includes("input (enlarged)"), true);
  equal(app.view.panes[0], "input");
});

test("a pane that shows another picture gets its figures of the rectangle", async () => {
  const app = await mounted({ a: LARGE }, { panes: ["input", "target"] });
  await press("r");
  await until(() => all(".aic-crop").some((one) => one.textContent), "figures of the rectangle");
  app.change({ panes: ["fast", "target"] });
  const isTold = () => app.cropFigures.fast && all(".aic-crop")[0]?.textContent === app.cropFigures.fast.psnr_db;
  await until(isTold, "those of the other picture");
});

test("a picture of more than four megapixels is kept reduced; the part in view is exact", async () => {
  const wide = (shift) => picture(2600, 1700, (x, y) => [(x + shift) % 256, y % 256, (x * y) % 256]);
  const large = setBy((_, at) => wide(at));
  const app = await mounted({ a: large }, { panes: NAMES });
  equal(app.pictures.of("a", "fast").whole.canvas.width, 1300);
  app.change({ zoom: 4, x: 1000, y: 600 });
  await until(() => app.pictures.of("a", "target").part, "the part in view");
  await settled();
  const origin = [0, 1].map((axis) => Math.round([seen(0).width, seen(0).height][axis] / 2 - [1000, 600][axis] * 4));
  showAll(large, { origin, zoom: 4 });
  const notes = () =>
    all(".aic-note")
      .slice(0, 3)
      .map((note) => note.textContent);
  app.change({ show: "absolute" });
  await settled();
  equal(notes(), ["", "", ""], "maps of the very pixels");
  app.change({ zoom: 0 });
  await settled();
  equal(notes(), ["of a reduced copy", "of a reduced copy", ""], "maps of what is seen at fit");
});

test("panes divide a width that changes, and stay in one row until that is narrow", async () => {
  await mounted({ a: SMALL }, { panes: NAMES });
  const tops = () => new Set(frames().map((frame) => Math.round(frame.getBoundingClientRect().top))).size;
  for (const [width, rows] of [
    [1200, 1],
    [NARROW_PX, 1],
    [NARROW_PX - 1, 2],
    [390, 2],
  ]) {
    document.querySelector("#stage").style.width = `${width}px`;
    await until(() => document.querySelector("#stage .aic-viewer").clientWidth === width, `${width} px`);
    await settled();
    equal(tops(), rows, `rows at ${width}`);
    const right = Math.max(...frames().map((frame) => frame.getBoundingClientRect().right));
    near(right - document.querySelector("#stage").getBoundingClientRect().left, width, 3, `right edge at ${width}`);
  }
});

test("another image comes by key, menu and thumbnail; place and zoom stay", async () => {
  const sets = { a: setOf(200, 150, 1), b: setOf(200, 150, 11), c: setOf(200, 150, 21) };
  const app = await mounted(sets, { panes: NAMES, zoom: 4, x: 90, y: 70 });
  const origin = [0, 1].map((axis) => Math.round([seen(0).width, seen(0).height][axis] / 2 - [90, 70][axis] * 4));
  showAll(sets.a, { origin, zoom: 4 });
  await press("n");
  showAll(sets.b, { origin, zoom: 4 });
  all(".aic-thumb")[2].click();
  await settled();
  showAll(sets.c, { origin, zoom: 4 });
  const menu = all("select[aria-label=Image]")[0];
  menu.value = "a";
  menu.dispatchEvent(new Event("change", { bubbles: true }));
  await settled();
  showAll(sets.a, { origin, zoom: 4 });
  equal(app.view.image, "a");
});

test("a pane shows what its menu says; keys add and take away panes", async () => {
  await mounted({ a: SMALL }, { panes: NAMES, zoom: 6 });
  const menu = all("select[aria-label='Pane 2']")[0];
  menu.value = "target";
  menu.dispatchEvent(new Event("change", { bubbles: true }));
  await settled();
  shows(1, SMALL.target, { origin: middle(seen(1), [40, 30], 6), zoom: 6 });
  await press("[");
  equal(frames().length, 2);
  await press("]");
  await press("]");
  equal(frames().length, 4);
});

test("keys move and enlarge as the hand does", async () => {
  const app = await mounted({ a: LARGE }, { panes: NAMES, zoom: 4 });
  const origin = middle(seen(0), [200, 150], 4);
  await press("ArrowRight", { shiftKey: true });
  showAll(LARGE, { origin: [origin[0] - 4, origin[1]], zoom: 4 });
  await press("8");
  equal(app.view.zoom, 8);
  await press("0");
  equal(app.view.zoom, 0);
  await press("1");
  showAll(LARGE, { origin: middle(seen(0), [200, 150], 1), zoom: 1 });
});

test("the help lists every key", async () => {
  await mounted({ a: SMALL }, { panes: NAMES });
  await press("?");
  equal(document.querySelector("dialog.aic-help").open, true);
  const words = document.querySelector("dialog.aic-help").textContent;
  for (const word of ["next image", "enlarge", "histograms", "double click"]) equal(words.includes(word), true, word);
  await press("Escape");
  equal(document.querySelector("dialog.aic-help").open, false);
});

test("histograms are drawn under the panes when asked for", async () => {
  await mounted({ a: SMALL }, { panes: NAMES });
  const open = () => all(".aic-histogram").filter((canvas) => !canvas.hidden);
  equal(open().length, 0);
  await press("h");
  equal(open().length, 3);
  const { width, height } = open()[0];
  equal(
    open()[0]
      .getContext("2d")
      .getImageData(0, 0, width, height)
      .data.some((value) => value > 0),
    true,
  );
});

test("a picture that is damaged or missing is a sentence in its pane; the others are shown", async () => {
  const set = { input: "data:image/png;base64,AAAA", target: SMALL.target };
  await mounted({ a: set }, { panes: NAMES, zoom: 6 });
  const words = frames().map((frame) => frame.innerText.trim());
  equal(words.slice(0, 2), ["input: this picture is damaged", "fast: not in this page"]);
  shows(2, SMALL.target, { origin: middle(seen(2), [40, 30], 6), zoom: 6 });
});

test("names are text everywhere, whatever they hold", async () => {
  const name = '<img src=x onerror="window.hit=1"><b>bold</b>';
  const changes = { shown: [...NAMES, name].map((one) => ({ name: one })), models: [name], baseline: "" };
  await mounted({ [name]: { ...SMALL, [name]: SMALL.fast } }, { panes: [name, "input"], mode: "slider" }, { changes });
  await press("m");
  equal([window.hit, all("b:not(.aic-name)").length, all("img").length], [undefined, 0, 0]);
  equal(all(".aic-name")[0].textContent, name);
});

test("mountAll hides the figures of a page behind a viewer; the address says what is looked at", async () => {
  const figures = containerOf({ a: SMALL, b: LARGE }, { panes: NAMES });
  stage(800).append(figures);
  history.replaceState(null, "", "#view=image=b&zoom=8&x=90&y=70&panes=target,input");
  mountAll(document);
  await until(() => document.querySelector("#stage .aic-viewer"), "a viewer");
  await settled();
  const origin = [0, 1].map((axis) => Math.round([seen(0).width, seen(0).height][axis] / 2 - [90, 70][axis] * 8));
  shows(0, LARGE.target, { origin, zoom: 8 });
  shows(1, LARGE.input, { origin, zoom: 8 });
  equal(
    [...figures.querySelectorAll("img[data-image]")].map((image) => image.offsetWidth),
    Array(6).fill(0),
  );
  location.hash = "#view=image=a&zoom=4";
  await until(() => document.querySelector("#stage .aic-image").value === "a", "the view of another address");
  history.replaceState(null, "", location.pathname + location.search);
});
