// The pixels that are there. A picture has its whole, perhaps reduced or a mere preview, and where that isn't exact the
// part that was in view last. Pictures that were not looked at for long are forgotten.

import { boxIn, grownBox, isInside } from "./geometry.js";

const KEPT_BYTES = 400_000_000; // of a picture with what is made of it; those that are looked at stay in any case
const BYTES_A_PIXEL = 12; // its canvas, its pixels, and a map or its halves
const PART_PIXELS = 2_000_000;

/** A part of a picture on a canvas: `box` in pixels of the picture; `kind` is exact, lossy or preview. */
function makeLayer(canvas, box, kind) {
  return { canvas, box, kind, pixels: null, halves: [], paint: null };
}

export function blankCanvas(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas;
}

/** Return a layer's pixels, which are read from its canvas once. */
export function pixelsOf(layer) {
  const { width, height } = layer.canvas;
  layer.pixels ??= layer.canvas.getContext("2d").getImageData(0, 0, width, height);
  return layer.pixels;
}

/** Return a layer of RGB bytes, three for each pixel. */
export function layerOfBytes(bytes, [width, height], box) {
  const pixels = new ImageData(width, height);
  const words = new Uint32Array(pixels.data.buffer);
  for (let at = 0, from = 0; at < words.length; at += 1, from += 3) {
    words[at] = 0xff000000 | (bytes[from + 2] << 16) | (bytes[from + 1] << 8) | bytes[from];
  }
  const canvas = blankCanvas(width, height);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return Object.assign(makeLayer(canvas, box, "exact"), { pixels });
}

const bytesOf = (layer) => (layer ? layer.canvas.width * layer.canvas.height * BYTES_A_PIXEL : 0);

/** Return a layer of an image element that has loaded; `size` is that of the whole picture, which it shows. */
export function layerOfImage(image, size, kind) {
  const canvas = blankCanvas(image.naturalWidth, image.naturalHeight);
  canvas.getContext("2d").drawImage(image, 0, 0);
  return makeLayer(canvas, [0, 0, ...size], kind);
}

/** Return a layer of a part of an image element; of more pixels than `most`, reduced by a whole number. */
export function layerOfPart(image, box, most, kind) {
  const [left, top, width, height] = box;
  const by = Math.max(1, Math.ceil(Math.sqrt((width * height) / most)));
  const canvas = blankCanvas(Math.ceil(width / by), Math.ceil(height / by));
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = by > 1;
  context.imageSmoothingQuality = "high";
  context.drawImage(image, left, top, width, height, 0, 0, canvas.width, canvas.height);
  return makeLayer(canvas, box, kind);
}

/** Return a layer's canvas, halved as often as it can be and still has at least so many pixels for each on the screen. */
export function halvedFor(canvas, halves, share) {
  let found = canvas;
  for (let half = 0; share <= 0.5 && Math.min(found.width, found.height) > 1; half += 1, share *= 2) {
    halves[half] ??= halfOf(found);
    found = halves[half];
  }
  return found;
}

function halfOf(canvas) {
  const half = blankCanvas(Math.ceil(canvas.width / 2), Math.ceil(canvas.height / 2));
  half.getContext("2d").drawImage(canvas, 0, 0, half.width, half.height); // by half, bilinear is the mean of four
  return half;
}

/** Return a store of pictures from a source; `changed` is called when one comes. */
export function makePictures(source, changed) {
  const kept = new Map();
  let isBusy = false;
  let lost = ""; // the image for which nobody answered
  const key = (image, name) => JSON.stringify([image, name]);

  const of = (image, name) => kept.get(key(image, name)) ?? null;

  function keep(image, name, picture) {
    kept.delete(key(image, name));
    kept.set(key(image, name), picture);
    const bytes = () => [...kept.values()].reduce((sum, { whole, part }) => sum + bytesOf(whole) + bytesOf(part), 0);
    for (const [held, other] of kept) {
      if (other.image === image || bytes() <= KEPT_BYTES) break;
      kept.delete(held);
    }
  }

  function hear(answer) {
    const before = of(answer.image, answer.name);
    const isWhole =
      answer.problem || !before || answer.layer.box[2] * answer.layer.box[3] === answer.size[0] * answer.size[1];
    const picture = isWhole
      ? { part: null, ...answer, whole: answer.layer ?? null }
      : { ...before, part: answer.layer };
    keep(answer.image, answer.name, picture);
    changed();
  }

  async function ask(image, names, box) {
    isBusy = true;
    lost = "";
    try {
      await source.look(image, names, box, hear);
    } catch {
      lost = image;
    }
    isBusy = false;
    changed();
  }

  /** Ask for what is missing of an image. `seen` is the box of the frame in view, `still` whether the hand rests. */
  function want(image, names, { frame, seen, zoom, still }) {
    if (lost !== image) lost = ""; // who comes back to it asks again
    if (isBusy || !image || lost) return;
    for (const name of names) if (of(image, name)) keep(image, name, of(image, name));
    const missing = names.filter((name) => !of(image, name) || of(image, name).whole?.kind === "preview");
    if (missing.length) return void ask(image, missing, null);
    const wish =
      still &&
      partWanted(
        names.map((name) => of(image, name)),
        frame,
        seen,
        zoom,
      );
    if (wish) ask(image, wish.names, wish.box);
  }

  function takePreview(image, name, size, layer) {
    if (!of(image, name))
      keep(image, name, { image, name, size, whole: layer, part: null, problem: "", figures: null });
  }

  const forgetAll = () => {
    kept.clear();
    lost = "";
  };
  return { of, want, takePreview, forgetAll, isLost: (image) => lost !== "" && lost === image };
}

/** Return the part that is to be asked for, and of what: all pictures of one size at once, so that they compare. */
function partWanted(pictures, frame, seen, zoom) {
  for (const picture of pictures) {
    if (picture.problem || !picture.whole) continue;
    const box = boxIn(seen, frame, picture.size);
    const perPixel = (zoom * frame[0]) / picture.size[0];
    const reduced = picture.whole.canvas.width / picture.size[0];
    if (reduced >= 1 || perPixel <= reduced || (picture.part && isInside(box, picture.part.box))) continue;
    const alike = pictures.filter(({ size, problem }) => !problem && String(size) === String(picture.size));
    return { names: alike.map(({ name }) => name), box: grownBox(box, picture.size, PART_PIXELS) };
  }
  return null;
}
