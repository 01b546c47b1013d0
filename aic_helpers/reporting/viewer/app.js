// What a viewer knows of itself, and what can be done with it: `app`, which its parts share.

import { element } from "./elements.js";
import { fitZoom, placeOf, seenBox } from "./geometry.js";
import { stretchedPixels } from "./paints.js";
import { isStage } from "./panes.js";
import { makePictures, pixelsOf } from "./pictures.js";
import { boxFigures, worstPlace } from "./pixels.js";
import { figureWords, sortedImages } from "./sorting.js";
import { completeView, MOST_PANES, viewText } from "./states.js";

const REST_MS = 120; // after which the hand is taken to have stopped
const SAVE_MS = 250;
const ASSUMED_PX = [1280, 720]; // of an image that isn't there yet

/** Return what the parts of a viewer share. `linkFor` makes a link of a view's text. */
export function makeApp(root, source, linkFor) {
  const app = {
    root,
    source,
    due: {},
    width: 600,
    pane: [300, 200],
    ratio: window.devicePixelRatio || 1,
    scrolledAt: -1e9,
    progress: "",
    selection: null,
    cropFigures: {},
    pointer: null,
    isHeld: false,
    isSecond: false,
    isStill: true,
    said: { words: "", good: true },
  };
  app.pictures = makePictures(source, () => app.arrived());
  return Object.assign(app, looking(app), moving(app), choosing(app), asking(app, linkFor));
}

/** What is looked at: the image, its frame and the place in it. */
function looking(app) {
  const image = () => app.catalogue.images.find(({ name }) => name === app.view.image) ?? null;
  const reference = () => {
    const { reference: target, input } = app.catalogue;
    return target && image()?.target !== false ? target : input;
  };
  const frame = () => {
    const names = [reference(), app.catalogue.input, ...app.view.panes, ...app.catalogue.models];
    const found = names.map((name) => app.pictures.of(app.view.image, name)).find((picture) => picture?.whole);
    return found?.size ?? app.lastFrame ?? ASSUMED_PX;
  };
  return {
    image,
    reference,
    frame,
    place: () => placeOf(app.view, app.frame(), app.pane),
    fitted: () => fitZoom(app.frame(), app.pane),
    judged: () => app.view.panes.find((name) => app.catalogue.models.includes(name)) ?? app.catalogue.input,
  };
}

/** Changes of the view, and what follows from them. */
function moving(app) {
  let asked = 0;
  let resting = 0;
  let saving = 0;
  const schedule = (what) => {
    app.due[what] = true;
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      app.render();
    });
  };
  const rest = () => {
    clearTimeout(resting);
    app.isStill = false;
    resting = setTimeout(() => {
      app.isStill = true;
      schedule("point");
    }, REST_MS);
  };
  const save = () => {
    clearTimeout(saving);
    saving = setTimeout(() => app.source.saveView(app.view), SAVE_MS);
  };
  const change = (part, { isMotion = false } = {}) => {
    const isOther = part.image !== undefined && part.image !== app.view.image;
    if (isOther) app.leaveImage();
    app.view = completeView({ ...app.view, ...part }, app.catalogue);
    rest();
    save();
    schedule(isMotion ? "draw" : "refresh");
  };
  return {
    change,
    refresh: () => schedule("refresh"),
    draw: () => schedule("draw"),
    go: ({ x, y }, zoom = app.view.zoom) => zoom && change({ x, y, zoom }, { isMotion: true }),
    point: (point) => {
      app.pointer = point;
      schedule("point");
    },
    leaveImage: () => {
      app.lastFrame = app.frame();
      Object.assign(app, { selection: null, cropFigures: {}, pointer: null });
    },
    hold: (isHeld) => {
      if (app.isHeld === isHeld) return;
      app.isHeld = isHeld;
      schedule("draw");
    },
  };
}

/** What buttons and keys do. */
function choosing(app) {
  const turn = (step) => {
    const names = sortedImages(app.catalogue, app.view.sort).map(({ name }) => name);
    const at = Math.min(Math.max(names.indexOf(app.view.image) + step, 0), names.length - 1);
    if (names.length) app.change({ image: names[at] });
  };
  const countPanes = (count) => {
    const { shown } = app.catalogue;
    const names = [...app.view.panes];
    const others = shown.map(({ name }) => name).filter((name) => !names.includes(name));
    while (names.length < Math.min(count, MOST_PANES)) names.push(others.shift() ?? names[0]);
    app.change({ panes: names.slice(0, Math.max(count, 2)) });
  };
  const goToWorst = () => {
    const place = placeOfWorst(app);
    if (place) app.change({ zoom: Math.max(4, app.view.zoom), x: place[0], y: place[1] });
  };
  const escape = () => {
    app.dialog.close();
    app.select(null);
  };
  return {
    turn,
    countPanes,
    goToWorst,
    escape,
    help: () => app.dialog.showModal(),
    select: (box, how) => select(app, box, how),
  };
}

/** Return where the first model in the panes is furthest from the reference, in pixels of the frame. */
function placeOfWorst(app) {
  const [own, reference] = [app.judged(), app.reference()].map((name) => app.pictures.of(app.view.image, name)?.whole);
  if (!own || !reference) return null;
  const { width, height } = reference.canvas;
  const place = worstPlace(pixelsOf(reference), stretchedPixels(own, reference.canvas));
  return place.map((at, axis) => (at * app.frame()[axis]) / [width, height][axis]);
}

/** Mark a rectangle of the frame; where it is done, get its figures. */
async function select(app, box, { isDone = true } = {}) {
  app.selection = box;
  if (box && !isDone) return void app.draw();
  app.cropFigures = {};
  app.refresh();
  if (!box) return;
  const { image, panes } = app.view;
  const figures = await (app.source.crop?.(image, panes, box) ?? figuresHere(app, panes, box));
  if (app.selection !== box || app.view.image !== image) return;
  app.cropFigures = figures;
  app.refresh();
}

/** Return the figures of a rectangle, of the pixels that the page has; none where the page has no target. */
async function figuresHere(app, panes, box) {
  const reference = app.pictures.of(app.view.image, app.reference());
  const [ofPsnr, ofSsim] = ["psnr_db", "ms_ssim"].map((key) =>
    app.catalogue.metrics.find((metric) => metric.key === key),
  );
  const figures = {};
  for (const name of app.reference() === app.catalogue.reference ? panes : []) {
    const picture = app.pictures.of(app.view.image, name);
    if (!picture?.whole || !reference?.whole || String(picture.size) !== String(reference.size)) continue;
    const found = await boxFigures(pixelsOf(reference.whole), pixelsOf(picture.whole), box);
    figures[name] = {};
    if (ofPsnr) figures[name].psnr_db = figureWords(found.psnr_db, ofPsnr);
    if (ofSsim) figures[name].ms_ssim = found.ssim === null ? "too small for SSIM" : `SSIM ${found.ssim.toFixed(4)}`;
  }
  return figures;
}

/** What the source is asked for. */
function asking(app, linkFor) {
  const tell = (said) => {
    app.said = { words: said.words ?? "", good: said.good !== false };
    app.refresh();
  };
  const takePhoto = async (content, bytes) => tell(await app.source.photo({ ...content, way: app.photoWay() }, bytes));
  return {
    tell,
    takePhoto,
    takeFile: async (file) => takePhoto({ name: file.name }, await file.arrayBuffer()),
    retrack: async (track) => tell(await app.source.track(track)),
    save: async (name) =>
      tell(app.source.save ? await app.source.save(app.view.image, name) : await download(app, name)),
    copyLink: async () => {
      const text = linkFor(viewText(app.view));
      const isCopied = await navigator.clipboard?.writeText(text).then(
        () => true,
        () => false,
      );
      tell({ words: `${isCopied ? "copied: " : ""}${text}` });
    },
    fetchThumbs: async (names, strip) => {
      for (const [name, url] of await app.source.thumbs(names)) strip.thumb(name, url);
    },
    wantPictures: () => {
      const { view } = app;
      const names = [...view.panes.slice(0, isStage(app) ? 2 : undefined), app.reference()].filter(Boolean);
      const place = app.place();
      const wish = {
        frame: app.frame(),
        seen: seenBox(place, app.frame(), app.pane),
        zoom: place.zoom,
        still: app.isStill,
      };
      app.pictures.want(view.image, [...new Set(names)], wish);
    },
    takePreview: ({ image, name, size, layer }) => {
      app.pictures.takePreview(image, name, size, layer);
      app.refresh();
    },
    arrived: () => {
      for (const name of app.view.panes) {
        const figures = app.pictures.of(app.view.image, name)?.figures;
        if (figures && app.image()) (app.image().figures ??= {})[name] ??= figures;
      }
      app.refresh();
    },
  };
}

/** Save a picture from a page: its own pixels, not what the screen makes of them. */
async function download(app, name) {
  const layer = app.pictures.of(app.view.image, name)?.whole;
  if (!layer) return { words: `${name}: nothing to save`, good: false };
  const blob = await new Promise((resolve) => layer.canvas.toBlob(resolve, "image/png"));
  const link = element("a", { href: URL.createObjectURL(blob), download: `${app.view.image} ${name}.png` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return { words: `saved: ${link.download}` };
}
