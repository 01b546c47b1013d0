// Where catalogue, view and pixels come from: the kernel of a notebook, or the page that the viewer stands in. Both answer
// alike; what only a kernel can do (`crop`, `save`, `photo`, `track`) is absent from a page.

import { layerOfBytes, layerOfImage, layerOfPart } from "./pictures.js";

const PART_BYTES = 4_000_000;
const MOST_PIXELS = 4_000_000; // of a page's picture that is kept whole: a phone has no memory for more
const NOBODY = { words: "No kernel answers.", good: false, figures: {} };

const viewOf = (buffer) => new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);

/** Return a source that asks a kernel through anywidget's model. */
export function kernelSource(model) {
  const waiting = new Map();
  const told = { progress: () => {} };
  let lastAsk = Math.floor(Math.random() * 2 ** 40); // a widget that is seen twice hears all answers

  /** Send a question, perhaps in parts; each answer but the last goes to `hear`, the last is what the promise gives. */
  const ask = (content, hear = () => {}, parts = [{}]) =>
    new Promise((resolve) => {
      lastAsk += 1;
      waiting.set(lastAsk, { hear, resolve });
      for (const { buffers = [], ...place } of parts)
        model.send({ ...content, ...place, ask: lastAsk }, undefined, buffers); // throws where the kernel has ended
    });

  const answered = (content, buffers = []) => {
    if (content.kind === "progress") return told.progress(content.words);
    const question = waiting.get(content.ask);
    if (!question) return undefined;
    if (content.kind === "picture" || content.kind === "problem") return question.hear(content, buffers);
    waiting.delete(content.ask);
    return question.resolve({ content, buffers });
  };

  const look = (image, names, box, hear) =>
    ask({ kind: "look", image, names, box, most_px: 1_000_000 }, (content, buffers) =>
      hear(pictureOf(content, buffers)),
    );
  const said = (content, parts) =>
    ask(content, undefined, parts).then(
      (answer) => answer.content,
      () => NOBODY,
    );
  const listen = (event, heard) => {
    model.on(event, heard);
    return () => model.off(event, heard);
  };

  const urls = [];
  const thumbsOf = ({ content, buffers }) =>
    content.images.map((name, at) => {
      urls.push(urlOf(buffers[at]));
      return [name, urls.at(-1)];
    });

  const deafen = listen("msg:custom", answered);
  return {
    look,
    stop: () => {
      deafen();
      urls.forEach((url) => URL.revokeObjectURL(url));
    },
    catalogue: () => model.get("catalogue"),
    view: () => model.get("view"),
    saveView: (view) => {
      model.set("view", view);
      model.save_changes();
    },
    onCatalogue: (heard) => listen("change:catalogue", heard),
    onView: (heard) => listen("change:view", heard),
    onProgress: (heard) => Object.assign(told, { progress: heard }),
    previews: () => previewsOf(model.get("previews")),
    thumbs: (images) => ask({ kind: "thumbs", images }).then(thumbsOf, () => []),
    crop: (image, names, box) => said({ kind: "crop", image, names, box }).then((content) => content.figures),
    save: (image, name) => said({ kind: "save", image, name }),
    photo: (content, bytes) => said({ kind: "photo", ...content }, bytes && inParts(bytes)),
    track: (track) => said({ kind: "track", track }),
  };
}

/** Divide a file: Jupyter's server closes a connection on which a message of more than 10 MB comes. */
function inParts(bytes) {
  const parts = Math.max(1, Math.ceil(bytes.byteLength / PART_BYTES));
  return Array.from({ length: parts }, (_, part) => ({
    part,
    parts,
    buffers: [bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES)],
  }));
}

function pictureOf(content, buffers) {
  const { image, name, words = "" } = content;
  if (content.kind === "problem") return { image, name, problem: words, size: [1, 1], figures: null };
  const layer = layerOfBytes(viewOf(buffers[0]), content.shown_px, content.box);
  const size = [content.width_px, content.height_px];
  return { image, name, problem: "", words, size, layer, figures: content.figures };
}

function urlOf(buffer) {
  return buffer && buffer.byteLength ? URL.createObjectURL(new Blob([viewOf(buffer)])) : "";
}

/** Return what the kernel showed last, as promises of layers: what is seen first, and where no kernel runs any more. */
function previewsOf({ image = "", width_px: width, height_px: height, pictures = {} } = {}) {
  return Object.entries(pictures).map(async ([name, buffer]) => {
    const url = urlOf(buffer);
    const shown = await loaded(url);
    URL.revokeObjectURL(url);
    return { image, name, size: [width, height], layer: layerOfImage(shown, [width, height], "preview") };
  });
}

async function loaded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** Return a source of the pictures that stand in a page, inside an element. */
export function pageSource(container) {
  const { catalogue, view } = JSON.parse(container.querySelector('script[type="application/json"]').textContent);
  const elements = [...container.querySelectorAll("img[data-image]")];
  const find = (image, name) =>
    elements.find(
      ({ dataset }) => catalogue.images[dataset.image]?.name === image && catalogue.shown[dataset.shown]?.name === name,
    );

  async function pictureIn(image, name, box) {
    const element = find(image, name);
    const nothing = { image, name, size: [1, 1], figures: null };
    if (!element)
      return {
        ...nothing,
        problem: catalogue.images.find((any) => any.name === image)?.failures?.[name] ?? "not in this page",
      };
    try {
      await element.decode();
    } catch {
      return { ...nothing, problem: "this picture is damaged" };
    }
    const size = [element.naturalWidth, element.naturalHeight];
    const kind = "inexact" in element.dataset ? "lossy" : "exact";
    const layer = layerOfPart(element, box ?? [0, 0, ...size], box ? Infinity : MOST_PIXELS, kind);
    return { ...nothing, problem: "", size, layer };
  }

  return {
    catalogue: () => catalogue,
    view: () => view ?? {},
    saveView: () => {},
    look: async (image, names, box, hear) => {
      for (const name of names) hear(await pictureIn(image, name, box));
    },
    thumbs: async (images) => images.map((image) => [image, thumbOf(image)]),
    stop: () => {},
  };

  function thumbOf(image) {
    const shown = [catalogue.reference, catalogue.input, ...catalogue.models].filter(Boolean);
    return shown.map((name) => find(image, name)?.src).find(Boolean) ?? "";
  }
}
