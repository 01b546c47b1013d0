// The viewer: pictures side by side, with their figures, in a notebook or in a page without a kernel.

import { makeApp } from "./app.js";
import { button, element } from "./elements.js";
import { handle, watchScrolling } from "./hand.js";
import { answerKeys, keyList } from "./keys.js";
import { makePanes } from "./panes.js";
import { makeSliderLine } from "./sliderline.js";
import { kernelSource, pageSource } from "./sources.js";
import { completeView, readViewText } from "./states.js";
import { makeStrip } from "./strip.js";
import { makeMore, makePhoto, makeScale, makeToolbar } from "./toolbar.js";

const BLINK_MS = 700;

/** Put a viewer of a source into an element; returns what takes it away again. */
export function mount(root, source, { linkFor = (text) => text } = {}) {
  const app = makeApp(root, source, linkFor);
  app.catalogue = structuredClone(source.catalogue());
  app.view = completeView(source.view(), app.catalogue);
  const parts = buildParts(app);
  const blinker = makeBlinker(app);
  const stops = [listenTo(app, source), watchScrolling(app), watchSize(app), blinker.stop, app.stop, source.stop];
  app.render = () => renderParts(app, { ...parts, blinker });
  for (const preview of source.previews?.() ?? []) preview.then(app.takePreview, () => {});
  app.refresh();
  return Object.assign(() => stops.forEach((stop) => stop()), { app });
}

function buildParts(app) {
  const [toolbar, scale, more, photo, panes] = [makeToolbar, makeScale, makeMore, makePhoto, makePanes].map((make) =>
    make(app),
  );
  const strip = makeStrip({
    choose: (name) => app.change({ image: name }),
    wantThumbs: (names) => app.fetchThumbs(names, strip),
  });
  const title = element("p", { className: "aic-quiet aic-title" });
  const help = element("dialog", { className: "aic-help", "aria-label": "All keys" });
  help.append(
    keyList(),
    button("Close", "Close the list of keys", () => help.close()),
  );
  app.dialog = help;
  app.photoWay = photo.way;
  panes.panes.forEach(({ frame }) => handle(app, frame));
  const showLine = makeSliderLine(app, panes.panes[0].frame);
  answerKeys(app, app.root);
  takeDrops(app);
  app.root.append(toolbar.el, more.el, scale.el, panes.el, strip.el, photo.el, title, help);
  return { toolbar, scale, more, photo, panes, strip, title, showLine };
}

/** Do what is due in this frame of the page: everything, or only what moves. */
function renderParts(app, { toolbar, scale, more, photo, panes, strip, title, showLine, blinker }) {
  if (app.due.refresh) {
    app.ratio = window.devicePixelRatio || 1;
    for (const part of [toolbar, scale, more, photo]) part.refresh();
    panes.layout();
    panes.refresh();
    strip.update(app.catalogue, app.view);
    blinker.turn(app.view.mode === "blink");
    title.textContent = sentences([
      app.catalogue.title,
      app.catalogue.data,
      app.image()?.words,
      ...(app.catalogue.notes ?? []),
    ]);
  }
  if (app.due.refresh || app.due.draw) {
    toolbar.showZoom();
    panes.draw();
    showLine();
  }
  panes.point();
  app.due = {};
  app.wantPictures();
}

const sentences = (texts) =>
  texts
    .filter(Boolean)
    .map((text) => text.replace(/\.?$/, "."))
    .join(" ");

function listenTo(app, source) {
  source.onProgress?.((words) => {
    app.progress = words;
    app.refresh();
  });
  const taken = (isOther) => {
    if (isOther) {
      app.leaveImage();
      app.catalogue = structuredClone(source.catalogue());
      app.pictures.forgetAll();
    }
    const view = completeView({ ...source.view(), more: app.view.more }, app.catalogue);
    if (!isOther && JSON.stringify(view) === JSON.stringify(app.view)) return;
    if (view.image !== app.view.image) app.leaveImage();
    app.view = view;
    app.refresh();
  };
  const stops = [source.onCatalogue?.(() => taken(true)), source.onView?.(() => taken(false))];
  return () => stops.forEach((stop) => stop?.());
}

/** Follow the width that is there, by the page alone. */
function watchSize(app) {
  const observer = new ResizeObserver(([{ contentRect }]) => {
    const width = Math.floor(contentRect.width);
    if (!width || width === app.width) return;
    app.width = width;
    app.refresh();
  });
  observer.observe(app.root);
  window.addEventListener("resize", app.refresh); // another height, or another screen
  return () => {
    observer.disconnect();
    window.removeEventListener("resize", app.refresh);
  };
}

/** Return what lets the two pictures alternate, while they should. */
function makeBlinker(app) {
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
  };
  const step = () => {
    app.isSecond = !app.isSecond;
    app.draw();
  };
  const turn = (isOn) => {
    if (!isOn) stop();
    else timer ||= setInterval(step, BLINK_MS);
  };
  return { turn, stop };
}

function takeDrops(app) {
  const allow = (event) => {
    if (!app.source.photo || !(app.catalogue.ways ?? []).length) return;
    event.preventDefault();
    event.stopPropagation();
    app.root.classList.toggle("aic-dropping", event.type === "dragover");
    const [file] = event.type === "drop" ? event.dataTransfer.files : [];
    if (file) app.takeFile(file);
  };
  for (const name of ["dragover", "dragleave", "drop"]) app.root.addEventListener(name, allow);
}

const newRoot = () => element("div", { className: "aic-viewer", "data-lm-suppress-shortcuts": "true" });

/** What anywidget calls for each place in which the widget is shown. */
function render({ model, el }) {
  const root = newRoot();
  el.append(root);
  return mount(root, kernelSource(model));
}

/** Put a viewer into each place of a page that holds pictures for one, as soon as it comes into sight. */
export function mountAll(page) {
  if (!element("canvas").getContext("2d")) return;
  const places = [...page.querySelectorAll(".aic-viewer-data")];
  const live = new Map();
  const open = (place) => {
    if (!live.has(place)) live.set(place, mountHere(place, keyOf(places.indexOf(place))));
    return live.get(place);
  };
  const seen = new IntersectionObserver(
    (entries) => entries.filter(({ isIntersecting }) => isIntersecting).forEach(({ target }) => open(target)),
    { rootMargin: "200px" },
  );
  places.forEach((place) => seen.observe(place));
  const follow = () => {
    const place = places.find((_, number) => linkedText(keyOf(number)) !== null);
    if (!place) return;
    const { app } = open(place);
    app.change(readViewText(linkedText(keyOf(places.indexOf(place)))));
    place.scrollIntoView();
  };
  window.addEventListener("hashchange", follow);
  follow();
}

const keyOf = (number) => (number ? `view-${number + 1}=` : "view=");

/** Return what the address says of a viewer's view; null where it says nothing. */
const linkedText = (key) => (location.hash.startsWith(`#${key}`) ? location.hash.slice(key.length + 1) : null);

function mountHere(place, key) {
  const root = newRoot();
  place.classList.add("aic-live");
  place.prepend(root);
  return mount(root, pageSource(place), { linkFor: (text) => `${location.href.split("#")[0]}#${key}${text}` });
}

export default { render };
