// The images as a strip of thumbnails: the figure that they are sorted by under each, and a mark where a model loses.
//
// A listbox: one stop of the Tab key; arrows, Home and End choose. Only thumbnails that are nearly in sight are asked for.

import { losesTo, sortedImages } from "./sorting.js";

const NEARLY = "0px 300px"; // so far from the strip's ends a thumbnail is asked for before it is seen

/**
 * Return the strip: {el, update(catalogue, view), thumb(name, url)}.
 *
 * `choose(name)` is called when the hand picks an image, `wantThumbs(names)` when thumbnails come into sight; `thumb`
 * gives one, "" where there is none.
 */
export function makeStrip({ choose, wantThumbs }) {
  const el = emptyStrip();
  const strip = { el, choose, cells: new Map(), ids: `v-image-${Math.random().toString(36).slice(2)}`, drawn: {} };
  strip.sight = new IntersectionObserver((entries) => askFor(strip, entries, wantThumbs), { root: el, rootMargin: NEARLY });
  el.addEventListener("keydown", (event) => chooseByKey(strip, event));
  return {
    el,
    update: (catalogue, view) => updateStrip(strip, catalogue, view),
    thumb: (name, url) => showThumb(strip.cells.get(name), url),
  };
}

function emptyStrip() {
  const el = document.createElement("div");
  el.className = "v-strip";
  el.tabIndex = 0;
  el.setAttribute("role", "listbox");
  el.setAttribute("aria-orientation", "horizontal");
  el.setAttribute("aria-label", "Images");
  return el;
}

function askFor(strip, entries, wantThumbs) {
  const near = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
  near.forEach((option) => strip.sight.unobserve(option));
  const names = [...strip.cells].filter(([, cell]) => near.includes(cell.option)).map(([name]) => name);
  if (names.length) wantThumbs(names);
}

/** Draw what has changed: this is called with each move of the hand, which mostly changes nothing here. */
function updateStrip(strip, catalogue, view) {
  const { drawn } = strip;
  const model = judgedModel(catalogue, view);
  const isSame = drawn.catalogue === catalogue && drawn.model === model && drawn.sort.join("\n") === view.sort.join("\n");
  if (drawn.catalogue !== catalogue) forgetCells(strip, catalogue);
  if (!isSame) arrange(strip, catalogue, view.sort, model);
  if (!isSame || drawn.image !== view.image) markChosen(strip, view.image);
  strip.drawn = { catalogue, model, sort: [...view.sort], image: view.image };
}

/** Return the model whose losses are marked: the one that is sorted by, else the first in the panes; not the baseline. */
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

function arrange(strip, catalogue, sort, model) {
  const title = catalogue.metrics.find(({ key }) => key === sort[0])?.title ?? "";
  const options = sortedImages(catalogue, sort).map((entry) => {
    const cell = strip.cells.get(entry.name) ?? newCell(strip, entry);
    const loses = losesTo(catalogue, entry.image, model, sort[0]);
    const failure = catalogue.images[entry.image].failures?.[sort[1]] ?? "";
    describe(cell, entry, title, [loses ? `${model} is below ${catalogue.baseline}` : "", failure]);
    cell.mark.textContent = loses ? "\u25bc" : "";
    return cell.option;
  });
  strip.el.replaceChildren(...options);
  strip.el.hidden = options.length < 2; // nothing to choose from
}

function newCell(strip, { name, image }) {
  const [option, picture, words, mark] = ["div", "span", "span", "span"].map((tag) => document.createElement(tag));
  const under = document.createElement("span");
  [option.className, picture.className, under.className] = ["v-thumb", "v-thumb-picture", "v-thumb-words"];
  mark.className = "v-loses";
  option.id = `${strip.ids}-${image}-${strip.el.childElementCount}`;
  option.setAttribute("role", "option");
  option.addEventListener("click", () => strip.choose(name));
  picture.textContent = name; // until there is a thumbnail
  under.append(mark, words);
  option.append(picture, under);
  const cell = { option, picture, words, mark };
  strip.cells.set(name, cell);
  strip.sight.observe(option);
  return cell;
}

function describe({ option, words }, entry, title, remarks) {
  words.textContent = entry.words;
  const said = [entry.name, `${title} ${entry.words}`, ...remarks].filter(Boolean);
  option.setAttribute("aria-label", said.join(", "));
  option.title = said.join("\n");
}

function markChosen(strip, name) {
  for (const [other, { option }] of strip.cells) option.setAttribute("aria-selected", String(other === name));
  const chosen = strip.cells.get(name)?.option;
  if (!chosen) return strip.el.removeAttribute("aria-activedescendant");
  strip.el.setAttribute("aria-activedescendant", chosen.id);
  bringIntoSight(strip.el, chosen);
}

/** Scroll the strip alone: scrollIntoView would move the notebook, too. */
function bringIntoSight(el, option) {
  const [left, right] = [option.offsetLeft, option.offsetLeft + option.offsetWidth];
  if (left >= el.scrollLeft && right <= el.scrollLeft + el.clientWidth) return;
  el.scrollLeft = (left + right - el.clientWidth) / 2;
}

function showThumb(cell, url) {
  if (!cell || !url) return;
  const image = document.createElement("img");
  image.alt = ""; // the option's label says all
  image.draggable = false;
  image.src = url;
  cell.picture.replaceChildren(image);
}

function chooseByKey(strip, event) {
  const options = [...strip.el.children];
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const last = options.length - 1;
  const wished = { ArrowLeft: Math.max(at - 1, 0), ArrowRight: Math.min(at + 1, last), Home: 0, End: last }[event.key];
  if (wished === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation(); // elsewhere arrows move the picture
  if (wished !== at) options[wished].click();
}
