// The controls: one row that is always there, and what folds away.

import { button, element, fillMenu, menu } from "./elements.js";
import { ZOOMS } from "./geometry.js";
import { setZoom } from "./hand.js";
import { drawScale, scaleWords } from "./pixels.js";
import { mapReference, mapReferences, mapWords } from "./references.js";
import { sortedImages } from "./sorting.js";
import { CHANNELS, LIGHTS, MODES, MOST_PANES, SHOWS, TIMES, titleOf } from "./states.js";

const numbers = (count, from = 1) => Array.from({ length: count }, (_, at) => at + from);

/** Return the row of controls, with what fills it in. */
export function makeToolbar(app) {
  const image = menu("Image", (name) => app.change({ image: name }));
  const count = menu("Panes", (value) => app.countPanes(Number(value)));
  const mode = menu("View", (value) => app.change({ mode: value }));
  const show = menu("What the panes show", (value) => app.change({ show: value }));
  const against = menu("What error maps are against", (name) => app.change({ against: name }));
  const zoom = menu("Zoom", (value) => setZoom(app, Number(value)));
  const more = button("⋯", "More controls and figures (m)", () => app.change({ more: !app.view.more }));
  const help = button("?", "All keys (?)", () => app.help());
  const large = button("▣", "Fill the screen", () => fillScreen(app.root));
  const [previous, next] = [
    button("‹", "Previous image (p)", () => app.turn(-1)),
    button("›", "Next image (n)", () => app.turn(1)),
  ];
  for (const extra of [previous, next, large]) extra.classList.add("aic-extra");
  image.classList.add("aic-image");
  against.classList.add("aic-against");
  const el = element("div", { className: "aic-bar", role: "toolbar", "aria-label": "Viewer" });
  el.append(previous, image, next, count, mode, show, against, zoom, more, help, large);
  const refresh = () => {
    const { view, catalogue } = app;
    fillMenu(
      image,
      sortedImages(catalogue, view.sort).map(({ name, value, words }) => [
        name,
        value === null ? name : `${name}  (${words})`,
      ]),
      view.image,
    );
    fillMenu(
      count,
      numbers(MOST_PANES - 1, 2).map((of) => [of, `${of} panes`]),
      view.panes.length,
    );
    fillMenu(mode, Object.entries(MODES), view.mode);
    fillMenu(show, Object.entries(SHOWS), view.show);
    const references = mapReferences(app);
    against.hidden = view.show === "picture" || references.length < 2;
    fillMenu(
      against,
      references.map((name) => [name, `against ${titleOf(catalogue, name)}`]),
      mapReference(app),
    );
    more.setAttribute("aria-expanded", String(view.more));
  };
  return { el, refresh, showZoom: () => showZoom(app, zoom) };
}

/** Put the zoom into its menu, also one between the fixed ones. */
function showZoom(app, zoom) {
  const at = app.view.zoom && app.place().zoom;
  const words = (of) => (of >= 1 ? `${Math.round(of * 100) / 100}:1` : `1:${Math.round(100 / of) / 100}`);
  const known = at && !ZOOMS.includes(at) ? [...ZOOMS, at].sort((a, b) => a - b) : ZOOMS;
  fillMenu(zoom, [[0, "fit"], ...known.map((of) => [of, words(of)])], at);
}

function fillScreen(root) {
  if (document.fullscreenElement) document.exitFullscreen();
  else root.requestFullscreen?.().catch(() => {}); // where the page may not, the button does nothing
}

/** Return the row under the controls that says what the colours of an error map mean, and lets one change it. */
export function makeScale(app) {
  const bar = element("canvas", { className: "aic-scale", width: 160, height: 12, role: "img" });
  const words = element("span", { className: "aic-quiet" });
  const channels = menu("Channels of the error", (value) => app.change({ channels: value }));
  const times = menu("Amplified", (value) => app.change({ times: Number(value) }));
  const el = element("div", { className: "aic-bar aic-under" }, [channels, times, bar, words]);
  const refresh = () => {
    const { view } = app;
    el.hidden = view.show === "picture";
    if (el.hidden) return;
    channels.hidden = times.hidden = view.show === "structure";
    drawScale(bar, view);
    words.textContent = scaleText(app);
    bar.setAttribute("aria-label", words.textContent);
    fillMenu(channels, Object.entries(CHANNELS), view.channels);
    fillMenu(
      times,
      TIMES.map((of) => [of, `×${of}`]),
      view.times,
    );
  };
  return { el, refresh };
}

/** Return what a map is, what its colours mean, and where the figures below it are from something else. */
function scaleText(app) {
  const { reference } = app.catalogue;
  const isOfAnother = app.reference() === reference && mapReference(app) !== reference;
  const figures = isOfAnother ? `; the figures stay against the ${titleOf(app.catalogue, reference)}` : "";
  return [mapWords(app), scaleWords(app.view) + figures].filter(Boolean).join(": ");
}

/** Return what folds away: track, sorting, brightness, saving, the link. */
export function makeMore(app) {
  const track = menu("Track", (value) => app.retrack(value));
  const sort = [0, 1, 2].map((at) =>
    menu(["Sort by", "of", "and by its difference from"][at], (value) =>
      app.change({ sort: app.view.sort.map((any, place) => (place === at ? value : any)) }),
    ),
  );
  const light = element("input", {
    type: "range",
    min: LIGHTS[0],
    max: LIGHTS[1],
    step: 0.5,
    "aria-label": "Brightness, in stops",
  });
  light.addEventListener("input", () => app.change({ light: Number(light.value) }));
  const rows = button("Two rows", "Panes in one row or two", () => app.change({ rows: 3 - app.view.rows }));
  const histogram = button("Histograms", "Histogram of each pane (h)", () =>
    app.change({ histogram: !app.view.histogram }),
  );
  const line = button("Line upright", "The slider's line upright or lying (u)", () =>
    app.change({ upright: !app.view.upright }),
  );
  const worst = button(
    "Worst place",
    "Where the first model differs most from the target, or from what maps are against (w)",
    () => app.goToWorst(),
  );
  const link = button(
    "Copy link",
    'Copy what is seen as text: for view = "..." in a notebook, or behind a report\'s address',
    () => app.copyLink(),
  );
  const save = menu("Save the whole picture of a pane as PNG", (name) => name && app.save(name));
  const el = element("div", { className: "aic-bar aic-more" });
  const labelled = (text, control) => element("label", {}, [text, control]);
  el.append(
    track,
    labelled("Sort by ", sort[0]),
    labelled("of ", sort[1]),
    labelled("or difference from ", sort[2]),
    labelled("Brightness ", light),
    rows,
    histogram,
    line,
    worst,
    link,
    save,
  );
  return { el, refresh: () => refreshMore(app, el, { track, sort, light, rows, histogram, line, save }) };
}

function refreshMore(app, el, { track, sort, light, rows, histogram, line, save }) {
  const { view, catalogue } = app;
  el.hidden = !view.more;
  if (el.hidden) return;
  const tracks = catalogue.tracks ?? [];
  track.hidden = tracks.length < 2;
  fillMenu(
    track,
    tracks.map(([title, name]) => [name, title]),
    catalogue.track,
  );
  const names = catalogue.shown.map(({ name }) => name).filter((name) => name !== catalogue.reference);
  const listed = (some) => some.map((name) => [name, titleOf(catalogue, name)]);
  fillMenu(
    sort[0],
    catalogue.metrics.map(({ key, title }) => [key, title]),
    view.sort[0],
  );
  fillMenu(sort[1], listed(names), view.sort[1]);
  fillMenu(sort[2], [["", "nothing"], ...listed(names)], view.sort[2]);
  fillMenu(save, [["", "Save PNG …"], ...listed(view.panes)], "");
  light.value = view.light;
  rows.hidden = view.mode !== "side";
  line.hidden = view.mode !== "slider";
  for (const [switched, is] of [
    [rows, view.rows === 2],
    [histogram, view.histogram],
    [line, view.upright],
  ])
    switched.setAttribute("aria-pressed", String(is));
}

/** Return the corner for a photo of one's own (a file, or its path where the kernel runs, and how it is taken), and
 * for what is said of photos, of what was saved and of the link. */
export function makePhoto(app) {
  const file = element("input", { type: "file", accept: "image/*", hidden: true });
  const choose = button("Your photo …", "Choose a photo of your own, or drop one onto the pictures", () =>
    file.click(),
  );
  const path = element("input", {
    type: "text",
    placeholder: "or its path",
    "aria-label": "Path of a photo on the machine that runs the notebook",
  });
  const way = menu("How the photo is given to the networks", () => app.takePhoto({}));
  const said = element("span", { className: "aic-said", role: "status" });
  file.addEventListener("change", () => file.files[0] && app.takeFile(file.files[0]));
  let taken = "";
  const take = () => {
    const typed = path.value.trim();
    if (typed && typed !== taken) app.takePhoto({ path: typed });
    taken = typed;
  };
  path.addEventListener("change", take);
  path.addEventListener("keydown", (event) => event.key === "Enter" && take()); // JupyterLab lets no change follow
  const el = element("div", { className: "aic-bar aic-photo" }, [choose, file, path, way, said]);
  const refresh = () => {
    const ways = app.catalogue.ways ?? [];
    choose.hidden = !app.source.photo || !ways.length;
    path.hidden = choose.hidden || !app.view.more;
    way.hidden = path.hidden || ways.length < 2;
    const words = app.progress || app.said.words;
    el.hidden = choose.hidden && !words;
    fillMenu(
      way,
      ways.map(([words, value]) => [value, words]),
      app.catalogue.way || way.value || ways[0]?.[1],
    );
    file.value = "";
    said.textContent = words;
    said.classList.toggle("aic-worse", !app.progress && !app.said.good);
  };
  return { el, refresh, way: () => way.value };
}
