// The images as a strip of thumbnails: the figure that they are sorted by under each, and a mark where a model loses.
// Where no image has a figure, its name stands there.
//
// A listbox: one stop of the Tab key; arrows, Home and End choose. Only thumbnails nearly in sight are asked for.

import { element } from "./elements.js";
import { losesTo, sortedImages } from "./sorting.js";

const MARK = "\u25bc";
const NEARLY = "0px 300px"; // so far from the strip's ends a thumbnail is asked for before it is seen

/**
 * Return the strip: {el, update(catalogue, view), thumb(name, url)}.
 *
 * `choose(name)` is called when the hand picks an image, `wantThumbs(names)` when thumbnails come into sight; `thumb`
 * gives one, "" where there is none.
 */
export function makeStrip({ choose, wantThumbs }) {
  const ids = `aic-image-${Math.random().toString(36).slice(2)}`; // a page may have several strips
  const list = element("div", {
    className: "aic-strip",
    tabIndex: 0,
    role: "listbox",
    "aria-orientation": "horizontal",
  });
  const caption = element("p", { className: "aic-quiet aic-caption" });
  const el = element("div", {}, [caption, list]);
  const strip = { el, caption, list, choose, cells: new Map(), ids, made: 0, drawn: {} };
  const seen = (entries) => askFor(strip, entries, wantThumbs);
  strip.sight = new IntersectionObserver(seen, { root: list, rootMargin: NEARLY });
  list.addEventListener("keydown", (event) => chooseByKey(strip, event));
  return {
    el,
    update: (catalogue, view) => updateStrip(strip, catalogue, view),
    thumb: (name, url) => showThumb(strip.cells.get(name), url),
  };
}

function askFor(strip, entries, wantThumbs) {
  const near = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
  near.forEach((option) => strip.sight.unobserve(option));
  const names = [...strip.cells].filter(([, cell]) => near.includes(cell.option)).map(([name]) => name);
  if (names.length) wantThumbs(names);
}

/** Draw what has changed: figures come as networks run, most changes of the view change nothing here. */
function updateStrip(strip, catalogue, view) {
  const { drawn } = strip;
  const entries = entriesOf(catalogue, view);
  const text = JSON.stringify([entries, view.sort]);
  if (drawn.catalogue !== catalogue) forgetCells(strip, catalogue);
  const isSame = drawn.catalogue === catalogue && drawn.text === text;
  if (!isSame) arrange(strip, catalogue, view.sort, entries);
  if (!isSame || drawn.image !== view.image) markChosen(strip, view.image);
  strip.drawn = { catalogue, text, image: view.image };
}

/** Return the images in the order of the view, each with what is remarked on it. */
function entriesOf(catalogue, view) {
  const model = judgedModel(catalogue, view);
  const [metric, name] = view.sort;
  return sortedImages(catalogue, view.sort).map((entry) => ({
    ...entry,
    loss: losesTo(catalogue, entry.image, model, metric) ? `${model} is below ${catalogue.baseline}` : "",
    failure: catalogue.images[entry.image].failures?.[name] ?? "",
  }));
}

/** Return the model whose losses are marked: the one sorted by, else the first in the panes; never the baseline. */
function judgedModel({ models, baseline }, { sort, panes }) {
  return [sort[1], ...panes].find((name) => models.includes(name) && name !== baseline) ?? "";
}

/** Forget cells of images that may be others now: of another track, and photos of one's own, whose names come again. */
function forgetCells(strip, catalogue) {
  const kept = catalogue.images.filter((image) => image.target).map((image) => image.name);
  const staying = new Set(strip.drawn.catalogue?.track === catalogue.track ? kept : []);
  for (const [name, cell] of strip.cells) {
    if (staying.has(name)) continue;
    strip.sight.unobserve(cell.option);
    strip.cells.delete(name);
  }
}

function arrange(strip, catalogue, sort, entries) {
  const title = sortTitle(catalogue, sort);
  const options = entries.map((entry) => {
    const cell = strip.cells.get(entry.name) ?? newCell(strip, entry);
    describe(cell, entry, title);
    return cell.option;
  });
  strip.list.replaceChildren(...options);
  strip.el.hidden = options.length < 2; // nothing to choose from
  const loss = entries.find((entry) => entry.loss)?.loss;
  const order = title && `${title}, ${sort[2] ? "largest difference first" : "lowest first"}`;
  strip.caption.textContent = [order || "Images", loss && `${MARK} ${loss}`].filter(Boolean).join("; ");
  strip.list.setAttribute("aria-label", order ? `Images by ${order}` : "Images");
}

/** Return what stands under the thumbnails, in words; "" where there are no figures, and names stand there. */
function sortTitle(catalogue, [metric, name, other]) {
  const title = catalogue.images.some(hasFigures) && catalogue.metrics.find(({ key }) => key === metric)?.title;
  return title ? `${title} of ${name}${other ? ` against ${other}` : ""}` : "";
}

const hasFigures = ({ figures }) =>
  Object.values(figures ?? {}).some((own) => Object.values(own).some((value) => value !== null));

function newCell(strip, { name }) {
  const picture = element("span", { className: "aic-thumb-picture" });
  const mark = element("span", { className: "aic-loses" });
  const words = element("bdi"); // a name may be written from right to left
  const under = element("span", { className: "aic-thumb-words" }, [mark, words]);
  const id = `${strip.ids}-${strip.made++}`;
  const option = element("div", { className: "aic-thumb", id, role: "option" }, [picture, under]);
  option.addEventListener("click", () => strip.choose(name));
  const cell = { option, picture, words, mark };
  strip.cells.set(name, cell);
  strip.sight.observe(option);
  return cell;
}

function describe({ option, picture, words, mark }, entry, title) {
  words.textContent = title ? entry.words : entry.name;
  if (!picture.firstElementChild) picture.textContent = title && entry.name; // until there is a thumbnail
  mark.textContent = entry.loss && MARK;
  const said = [entry.name, title && `${title}: ${entry.words}`, entry.loss, entry.failure].filter(Boolean);
  option.setAttribute("aria-label", said.join(", "));
  option.title = said.join("\n");
}

function markChosen(strip, name) {
  for (const [other, { option }] of strip.cells) option.setAttribute("aria-selected", String(other === name));
  const chosen = strip.cells.get(name)?.option;
  if (!chosen) return strip.list.removeAttribute("aria-activedescendant");
  strip.list.setAttribute("aria-activedescendant", chosen.id);
  bringIntoSight(strip.list, chosen);
}

/** Scroll the strip alone: scrollIntoView would move the notebook, too. */
function bringIntoSight(list, option) {
  const [left, right] = [option.offsetLeft, option.offsetLeft + option.offsetWidth];
  if (left >= list.scrollLeft && right <= list.scrollLeft + list.clientWidth) return;
  list.scrollLeft = (left + right - list.clientWidth) / 2;
}

function showThumb(cell, url) {
  if (!cell || !url) return;
  const image = element("img", { alt: "", draggable: false, src: url }); // the option's label says all
  cell.picture.replaceChildren(image);
}

function chooseByKey(strip, event) {
  const options = [...strip.list.children];
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const last = options.length - 1;
  const wished = { ArrowLeft: Math.max(at - 1, 0), ArrowRight: Math.min(at + 1, last), Home: 0, End: last }[event.key];
  if (wished === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation(); // elsewhere arrows move the picture
  if (wished !== at) options[wished].click();
}
