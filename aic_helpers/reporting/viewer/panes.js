// The panes: what each shows, its pixels, the values under the pointer and its figures. Slider and blink put the first
// two into one wide frame.

import { element, fillMenu, menu } from "./elements.js";
import { boxIn, columnsOf, isInside, originOf, paneHeight, seenBox } from "./geometry.js";
import { counterpart, drawPicture } from "./paints.js";
import { pixelsOf } from "./pictures.js";
import { drawHistogram, histogramOf, valueAt } from "./pixels.js";
import { mapReference, ownMapWords } from "./references.js";
import { figureWords, gainOf, leadWords } from "./sorting.js";
import { MOST_PANES, titleOf } from "./states.js";

const GAP_PX = 6;
const TWO_LINES_PX = 240; // below this width of a pane its values need two lines
const PARTS = ["head", "frame", "values", "histogram", "figures"];

/** Return the panes of a viewer: their element, and what lays them out, draws them and fills in their texts. */
export function makePanes(app) {
  const panes = Array.from({ length: MOST_PANES }, (_, number) => makePane(app, number));
  const el = element(
    "div",
    { className: "aic-panes" },
    panes.flatMap((pane) => PARTS.map((part) => pane[part])),
  );
  return {
    el,
    panes,
    layout: () => layOut(app, el, panes),
    draw: () => openPanes(app, panes).forEach((pane) => drawPane(app, pane)),
    point: () => openPanes(app, panes).forEach((pane) => showPoint(app, pane)),
    refresh: () => panes.slice(0, captioned(app)).forEach((pane) => fillPane(app, pane)),
  };
}

function makePane(app, number) {
  const label = `Pane ${number + 1}`;
  const choose = (name) => app.change({ panes: app.view.panes.map((any, at) => (at === number ? name : any)) });
  const select = menu(label, choose);
  const note = element("span", { className: "aic-note" });
  const canvas = element("canvas");
  const [across, down] = ["aic-across", "aic-down"].map((className) => element("i", { className, hidden: true }));
  const rectangle = element("i", { className: "aic-rectangle", hidden: true });
  const name = element("b", { className: "aic-name", hidden: true });
  const other = element("b", { className: "aic-name aic-other", hidden: true });
  const problem = element("p", { className: "aic-problem", hidden: true });
  const frame = element("div", { className: "aic-frame", tabIndex: 0, role: "img" }, [
    canvas,
    rectangle,
    across,
    down,
    name,
    other,
    problem,
  ]);
  const head = element("div", { className: "aic-head" }, [select, note]);
  const values = element("div", { className: "aic-values" });
  const histogram = element("canvas", { className: "aic-histogram", role: "img" });
  const figures = element("div", { className: "aic-figures-of" });
  return {
    number,
    select,
    note,
    canvas,
    across,
    down,
    rectangle,
    name,
    other,
    problem,
    frame,
    head,
    values,
    histogram,
    figures,
  };
}

/** In slider and blink one frame is open, and two panes have menus and figures. */
export const isStage = (app) => app.view.mode !== "side";
const captioned = (app) => (isStage(app) ? 2 : app.view.panes.length);
const openPanes = (app, panes) => panes.slice(0, isStage(app) ? 1 : app.view.panes.length);

/** Divide the width that is there, in whole screen pixels: else the page would smooth what the canvas has. */
function layOut(app, el, panes) {
  const step = wholeStep(app.ratio);
  const stepped = (length) => Math.max(Math.floor(length / step + 1e-6), 1) * step;
  const columns = columnsOf(captioned(app), app.width, isStage(app) ? 1 : app.view.rows);
  const gap = stepped(GAP_PX + step / 2);
  const wide = stepped((app.width - gap * (columns - 1)) / columns);
  el.style.gridTemplateColumns = `repeat(${columns}, ${wide}px)`;
  el.style.columnGap = `${gap}px`;
  el.style.setProperty("--v-value-lines", wide < TWO_LINES_PX ? "2" : "1");
  const width = isStage(app) ? stepped(app.width) : wide;
  const height = stepped(paneHeight(width, app.frame(), window.innerHeight));
  app.pane = [Math.round(width * app.ratio), Math.round(height * app.ratio)];
  for (const pane of panes) placePane(app, pane, columns);
  for (const { canvas, frame } of openPanes(app, panes)) sizeCanvas(canvas, frame, app.pane, app.ratio);
}

/** Return the fewest CSS pixels that are a whole number of screen pixels; of an odd ratio one screen pixel. */
function wholeStep(ratio) {
  const isWhole = (css) => Math.abs(css * ratio - Math.round(css * ratio)) < 1e-3;
  return [1, 2, 4].find(isWhole) ?? 1 / ratio;
}

function placePane(app, pane, columns) {
  const isOpen = pane.number < captioned(app);
  const hasFrame = isOpen && (pane.number === 0 || !isStage(app));
  PARTS.forEach((part, at) => {
    const place = pane[part];
    place.hidden = !isOpen || (part === "frame" && !hasFrame) || (part === "histogram" && !app.view.histogram);
    place.style.gridRow = String(PARTS.length * Math.floor(pane.number / columns) + at + 1);
    place.style.gridColumn = part === "frame" && isStage(app) ? "1 / -1" : String((pane.number % columns) + 1);
  });
}

function sizeCanvas(canvas, frame, [width, height], ratio) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  canvas.style.width = frame.style.width = `${width / ratio}px`;
  canvas.style.height = frame.style.height = `${height / ratio}px`;
}

/** Return the names that a pane's frame shows now: one, or two under the slider. */
function shownIn(app, pane) {
  const { panes, mode } = app.view;
  if (app.isHeld) return [panes[0]];
  if (mode === "slider") return panes.slice(0, 2);
  return [panes[mode === "blink" ? Number(app.isSecond) : pane.number]];
}

function drawPane(app, pane) {
  const context = pane.canvas.getContext("2d");
  const names = shownIn(app, pane);
  const found = names.map((name) => app.pictures.of(app.view.image, name));
  context.clearRect(0, 0, pane.canvas.width, pane.canvas.height);
  const isWhole = found
    .map((picture, at) => !picture?.whole || drawShare(app, context, picture, names.length > 1 ? at : -1))
    .every(Boolean);
  pane.canvas.style.filter = app.view.light ? `brightness(${2 ** app.view.light})` : "";
  pane.canvas.parentElement.style.touchAction = app.view.zoom ? "none" : "pan-y";
  nameFrame(app, pane, names);
  tellFrame(app, pane, names, found, isWhole);
  showRectangle(app, pane);
}

/** Draw a picture, or under the slider its side of the line; return whether it is as asked for. */
function drawShare(app, context, picture, side) {
  const { view, pane } = app;
  context.save();
  if (side >= 0) {
    const axis = view.upright ? 0 : 1;
    const at = Math.round(view.split * pane[axis]);
    const [from, length] = side ? [at, pane[axis] - at] : [0, at];
    context.beginPath();
    context.rect(...(view.upright ? [from, 0, length, pane[1]] : [0, from, pane[0], length]));
    context.clip();
  }
  const reference = app.pictures.of(view.image, mapReference(app));
  const done = drawPicture(context, picture, reference, {
    place: app.place(),
    frame: app.frame(),
    pane,
    view,
    changed: app.draw,
  });
  context.restore();
  return done;
}

function nameFrame(app, pane, names) {
  const isNamed = isStage(app) || app.isHeld;
  pane.name.hidden = !isNamed;
  pane.other.hidden = names.length < 2;
  pane.frame.classList.toggle("aic-lying", !app.view.upright);
  const titles = names.map((name) => titleOf(app.catalogue, name));
  if (pane.name.textContent !== titles[0]) pane.name.textContent = titles[0];
  if (titles[1] && pane.other.textContent !== titles[1]) pane.other.textContent = titles[1];
}

function tellFrame(app, pane, names, found, isWhole) {
  const problems = found.map((picture, at) => picture?.problem && `${names[at]}: ${picture.problem}`).filter(Boolean);
  pane.problem.hidden = !problems.length;
  pane.problem.textContent = problems.join(" ");
  const from = app.view.show !== "picture" && mapReference(app);
  const reference = from ? app.pictures.of(app.view.image, from) : null;
  const needed = from ? [...found, reference] : found;
  const isThere = needed.every((picture) => picture && (picture.problem || picture.whole?.kind !== "preview"));
  const maps = new Set(names.map((name) => ownMapWords(app, name)));
  const kinds = [
    ...(reference?.problem ? [`no map: no picture of ${titleOf(app.catalogue, from)}`] : maps),
    found.some((picture) => picture?.whole?.kind === "lossy") ? "compressed" : "",
    found.some((picture, at) => isReducedMap(app, names[at], picture)) ? "of a reduced copy" : "",
  ];
  const isPreview = needed.some((picture) => picture?.whole?.kind === "preview");
  const isLost = app.pictures.isLost(app.view.image);
  const awaited = isLost ? "no kernel answers" : app.progress || (isPreview ? "small copy" : "waiting");
  pane.note.textContent = !isThere ? awaited : isWhole ? kinds.filter(Boolean).join(", ") : "computing";
  pane.frame.setAttribute(
    "aria-label",
    `${names.map((name) => labelOf(app, name)).join(" and ")}, ${app.view.image}; press ? for the keys`,
  );
  pane.frame.setAttribute("aria-busy", String(!isThere || !isWhole));
}

const labelOf = (app, name) => [titleOf(app.catalogue, name), ownMapWords(app, name)].filter(Boolean).join(", ");

/** Tell whether a map that is seen is made of fewer pixels than the picture has. */
function isReducedMap(app, name, picture) {
  const from = mapReference(app);
  const isMap = app.view.show !== "picture" && name !== from;
  if (!isMap || !picture?.whole || picture.whole.canvas.width >= picture.size[0]) return false;
  const seen = boxIn(seenBox(app.place(), app.frame(), app.pane), app.frame(), picture.size);
  const reference = app.pictures.of(app.view.image, from);
  return !(picture.part && isInside(seen, picture.part.box) && counterpart(picture.part, picture, reference));
}

function showRectangle(app, pane) {
  const box = app.selection;
  pane.rectangle.hidden = !box;
  if (!box) return;
  const place = app.place();
  const origin = originOf(place, app.pane);
  const [left, top, width, height] = box.map((side, at) => (side * place.zoom + (at < 2 ? origin[at] : 0)) / app.ratio);
  Object.assign(pane.rectangle.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${width}px`,
    height: `${height}px`,
  });
}

/** Show crosshair and values of the pixel under the pointer. */
function showPoint(app, pane) {
  const point = app.pointed();
  pane.across.hidden = pane.down.hidden = !point;
  pane.values.textContent = "";
  if (!point) return;
  const place = app.place();
  const [x, y] = originOf(place, app.pane).map(
    (at, axis) => (at + (Math.floor(point[axis]) + 0.5) * place.zoom) / app.ratio,
  );
  pane.down.style.transform = `translateX(${x}px)`;
  pane.across.style.transform = `translateY(${y}px)`;
  pane.values.textContent = shownIn(app, pane)
    .map((name) => valueWords(app, name, point))
    .join("  |  ");
}

/** Return the value of a picture's pixel in words, with its difference from what maps are from. */
function valueWords(app, name, point) {
  const from = mapReference(app);
  const [own, reference] = [name, from].map((any) => pixelAt(app, app.pictures.of(app.view.image, any), point));
  const at = `${Math.floor(point[0])}, ${Math.floor(point[1])}: `;
  if (!own) return app.pictures.of(app.view.image, name)?.problem ? "" : `${at}enlarge to read`;
  const signed = (value) => (value > 0 ? `+${value}` : value < 0 ? `−${-value}` : "0");
  const difference =
    reference && name !== from
      ? `  Δ ${own.map((value, channel) => signed(value - reference[channel])).join(" ")}`
      : "";
  const isOther = difference && from !== app.reference();
  return `${at}${own.join(" ")}${difference}${isOther ? ` from ${titleOf(app.catalogue, from)}` : ""}`;
}

/** Return the RGB values at a point of the frame; null where they aren't there exactly. */
function pixelAt(app, picture, point) {
  const at = picture?.whole && point.map((place, axis) => Math.floor((place * picture.size[axis]) / app.frame()[axis]));
  const holds = (layer) =>
    layer &&
    layer.kind !== "preview" &&
    layer.canvas.width === layer.box[2] &&
    [0, 1].every((axis) => at[axis] >= layer.box[axis] && at[axis] < layer.box[axis] + layer.box[axis + 2]);
  const layer = at && [picture.part, picture.whole].find(holds);
  return layer ? valueAt(pixelsOf(layer), at[0] - layer.box[0], at[1] - layer.box[1]) : null;
}

function fillPane(app, pane) {
  const name = app.view.panes[pane.number];
  const { catalogue } = app;
  const options = catalogue.shown.map(({ name: shown }) => [shown, titleOf(catalogue, shown)]);
  fillMenu(pane.select, options, name);
  const picture = app.pictures.of(app.view.image, name);
  pane.figures.replaceChildren(...figuresOf(app, name, picture));
  const layer = picture?.whole;
  if (!app.view.histogram || !layer || layer.kind === "preview") return;
  layer.histogram ??= histogramOf(pixelsOf(layer), [0, 0, layer.canvas.width, layer.canvas.height]);
  pane.histogram.setAttribute("aria-label", `Histogram of ${name}`);
  drawHistogram(pane.histogram, layer.histogram);
}

/** Return what stands under a picture. */
function figuresOf(app, name, picture) {
  const image = app.image();
  const words = (text) => [element("p", { className: "aic-quiet", textContent: text })];
  if (!image) return [];
  if (name === app.catalogue.reference) return words(image.target === false ? "" : "what the figures compare with");
  const failure = image.failures?.[name];
  if (failure) return words(`no figures: ${failure}`);
  const rows = app.catalogue.metrics.map((metric, at) => metricRow(app, name, metric, image, at === 0));
  const run = app.view.more ? (app.catalogue.shown.find((shown) => shown.name === name)?.rows ?? []) : [];
  const more = run.map(([title, value]) => tableRow(title, [element("td", { textContent: value })]));
  const said = picture?.words ? words(picture.words) : [];
  if (image.target === false && !more.length) return [...words("no target, so no figures"), ...said];
  return [
    ...tableOf(image.target === false ? [] : rows, "aic-figures"),
    ...tableOf(more, "aic-figures aic-run"), // of its own: a long name of a score leaves the metrics their place
    ...said,
  ];
}

const tableOf = (rows, className) =>
  rows.length ? [element("table", { className }, [element("tbody", {}, rows)])] : [];

const tableRow = (title, cells) => element("tr", {}, [element("th", { scope: "row", textContent: title }), ...cells]);

function metricRow(app, name, metric, image, isFirst) {
  const value = element("td", { textContent: figureWords(image.figures?.[name]?.[metric.key], metric) });
  const crop = app.selection
    ? [element("td", { className: "aic-crop", textContent: app.cropFigures[name]?.[metric.key] ?? "" })]
    : [];
  return tableRow(metric.title, [
    value,
    name === app.catalogue.baseline ? quietCell(isFirst ? "the baseline" : "") : gainCell(app, name, metric, image),
    ...crop,
  ]);
}

const quietCell = (textContent) => element("td", { className: "aic-quiet", textContent });

/** Return the cell that says how far a model is from the baseline: arrow, sign and colour say the same. */
function gainCell(app, name, metric, image) {
  const gain = gainOf(app.catalogue, app.catalogue.images.indexOf(image), name, metric.key);
  if (gain === null) return quietCell("");
  const [arrow, kind] = gain > 0 ? ["▲", "aic-better"] : gain < 0 ? ["▼", "aic-worse"] : ["=", "aic-quiet"];
  const textContent = gain === 0 ? arrow : `${arrow} ${leadWords(gain, { ...metric, unit: "" })}`;
  return element("td", { className: kind, textContent, title: `against ${app.catalogue.baseline}` });
}
