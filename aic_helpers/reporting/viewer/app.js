// What a viewer knows of itself, and what can be done with it: `app`, which its parts share.

import { element } from "./elements.js";
import { framePoint, placeOf, seenBox } from "./geometry.js";
import { stretchedPixels } from "./paints.js";
import { isStage } from "./panes.js";
import { makePictures, pixelsOf } from "./pictures.js";
import { boxFigures, worstPlace } from "./pixels.js";
import { mapReference } from "./references.js";
import { figureWords, sortedImages } from "./sorting.js";
import { completeView, MOST_PANES, viewText } from "./states.js";

const REST_MS = 120; // after which the hand is taken to have stopped
const SAVE_MS = 250;
const MOST_BOX_PIXELS = 4_000_000; // of a rectangle whose figures the page makes itself: some seconds
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
    scrolledAt: -1e9, // when the wheel last scrolled the page, and when it last changed the zoom
    turnedAt: -1e9,
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
    pointed: () => pointedPixel(app),
    judged: (from) =>
      app.view.panes.find((name) => name !== from && app.catalogue.models.includes(name)) ?? app.catalogue.input,
  };
}

/** Return the point of the frame under the pointer, whatever has moved below it; null where there is none. */
function pointedPixel(app) {
  const point = app.pointer && framePoint(app.place(), app.pane, app.pointer);
  const isInside = point?.every((place, axis) => place >= 0 && place < app.frame()[axis]);
  return isInside ? point : null;
}

/** Changes of the view, and what follows from them. */
function moving(app) {
  let asked = 0;
  let resting = 0;
  let saving = 0;
  const schedule = (what) => {
    if (app.isOver) return;
    app.due[what] = true;
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      app.render();
    });
  };
  const stop = () => {
    app.isOver = true;
    for (const timer of [resting, saving]) clearTimeout(timer);
    cancelAnimationFrame(asked);
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
    if (part.panes && app.selection) app.select(app.selection);
  };
  return {
    change,
    stop,
    refresh: () => schedule("refresh"),
    draw: () => schedule("draw"),
    go: ({ x, y }, zoom = app.view.zoom) => zoom && change({ x, y, zoom }, { isMotion: true }),
    point: (point) => {
      app.pointer = point;
      schedule("point");
    },
    leaveImage: () => {
      app.lastFrame = app.frame();
      Object.assign(app, { selection: null, cropFigures: {} });
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

/** Return where the first model in the panes is furthest from what maps are from, in pixels of the frame. */
function placeOfWorst(app) {
  const from = mapReference(app);
  const [own, reference] = [app.judged(from), from].map((name) => app.pictures.of(app.view.image, name)?.whole);
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
  const isMeant = () => app.selection === box && app.view.image === image && String(app.view.panes) === String(panes);
  const tell = (figures) => {
    if (!isMeant()) return;
    app.cropFigures = { ...app.cropFigures, ...figures };
    app.refresh();
  };
  if (app.source.crop) tell(await app.source.crop(image, panes, box));
  else await figuresHere(app, box, { isMeant, tell });
}

/** Make the figures of a rectangle of the pixels that the page has, pane by pane; none where it has no target. */
async function figuresHere(app, box, { isMeant, tell }) {
  const { image, panes } = app.view;
  if (app.reference() !== app.catalogue.reference) return;
  const names = [...new Set(panes)].filter((name) => name !== app.reference());
  if (box[2] * box[3] > MOST_BOX_PIXELS) {
    tell(Object.fromEntries(names.map((name) => [name, { [app.catalogue.metrics[0].key]: "draw a smaller one" }])));
    return;
  }
  const [reference] = await exactly(app, image, [app.reference()], box);
  for (const name of names) {
    const [own] = isMeant() ? await exactly(app, image, [name], box) : [];
    if (!own || !reference || String(own.size) !== String(reference.size)) continue;
    const whole = [0, 0, own.layer.canvas.width, own.layer.canvas.height];
    tell({ [name]: boxWords(app, await boxFigures(pixelsOf(reference.layer), pixelsOf(own.layer), whole)) });
  }
}

/** Return the pictures' very pixels of a box. */
async function exactly(app, image, names, box) {
  const found = [];
  await app.source.look(image, names, box, (answer) => answer.layer && found.push(answer));
  return found;
}

/** Return a rectangle's figures in words, which are of RGB: where the track's own are of luma, they say so. */
function boxWords(app, { psnr_db: psnr, ssim }) {
  const words = {};
  for (const metric of app.catalogue.metrics) {
    const colour = metric.colour === "y" ? "RGB " : "";
    if (metric.key === "psnr_db") words.psnr_db = colour + figureWords(psnr, metric);
    if (metric.key === "ssim" || metric.key === "ms_ssim")
      words[metric.key] = ssim === null ? "too small for SSIM" : `${colour}SSIM ${ssim.toFixed(4)}`;
  }
  return words;
}

/** What the source is asked for. */
function asking(app, linkFor) {
  const tell = (said) => {
    app.said = { words: said.words ?? "", good: said.good !== false };
    app.refresh();
  };
  let photos = Promise.resolve();
  const takePhoto = async (content, bytes) => tell(await app.source.photo({ ...content, way: app.photoWay() }, bytes));
  return {
    tell,
    takePhoto,
    takeFile: (file) => {
      photos = photos.then(async () => takePhoto({ name: file.name }, await file.arrayBuffer())); // in the order given
      return photos;
    },
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
      const panes = view.panes.slice(0, isStage(app) ? 2 : undefined);
      const names = [...panes, app.reference(), mapReference(app)].filter(Boolean);
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
