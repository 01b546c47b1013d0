// A picture, or what of its difference from the reference is to be seen, drawn into a pane.

import { originOf } from "./geometry.js";
import { blankCanvas, halvedFor, pixelsOf } from "./pictures.js";
import { differenceMap, structureMap } from "./pixels.js";

/** Return the canvas to show for a layer: its own, or a map of its difference; null while the map is being made. */
export function paintOf(layer, reference, view, changed) {
  if (view.show === "picture" || !reference || layer === reference)
    return { canvas: layer.canvas, halves: layer.halves };
  const key = JSON.stringify([view.show, view.channels, view.times]);
  if (layer.paint?.key !== key || layer.paint.reference !== reference) {
    layer.paint = { key, reference, canvas: null, halves: [] };
    fillPaint(layer.paint, layer, view, changed);
  }
  return layer.paint.canvas ? layer.paint : null;
}

function fillPaint(paint, layer, view, changed) {
  const [before, after] = [pixelsOf(paint.reference), stretchedPixels(layer, paint.reference.canvas)];
  if (view.show !== "structure") {
    paint.canvas = canvasOf(differenceMap(before, after, view));
    return;
  }
  structureMap(before, after).then((map) => {
    paint.canvas = canvasOf(map);
    changed();
  });
}

/** Return a layer's pixels, each repeated where the picture is smaller than the reference (a network with a scale). */
export function stretchedPixels(layer, { width, height }) {
  if (layer.canvas.width === width && layer.canvas.height === height) return pixelsOf(layer);
  const context = blankCanvas(width, height).getContext("2d");
  context.imageSmoothingEnabled = layer.canvas.width > width;
  context.drawImage(layer.canvas, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function canvasOf(pixels) {
  const canvas = blankCanvas(pixels.width, pixels.height);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

/** Return the layer of the reference that covers just what a layer of a picture does; null where there is none. */
export function counterpart(layer, picture, reference) {
  const share = (one, of) =>
    one.box
      .map((side, at) => side / of.size[at % 2])
      .map((value) => value.toFixed(6))
      .join();
  const layers = [reference?.whole, reference?.part].filter(Boolean);
  return layers.find((other) => share(other, reference) === share(layer, picture)) ?? null;
}

/**
 * Draw a picture at a place of the frame; return whether all of it that is seen is as asked for. Of a map, a part that the
 * reference hasn't yet is left to the whole below it.
 */
export function drawPicture(context, picture, reference, { place, frame, pane, view, changed }) {
  let isReady = true;
  for (const layer of [picture.whole, picture.part]) {
    if (!layer) continue;
    const other = view.show === "picture" ? null : counterpart(layer, picture, reference);
    if (view.show !== "picture" && !other && layer === picture.part && reference?.whole) continue;
    const paint = paintOf(layer, other, view, changed);
    isReady = isReady && Boolean(paint);
    drawLayer(context, layer, paint ?? layer, picture.size, { place, frame, pane });
  }
  return isReady;
}

/** Draw what is seen of a layer: enlarged pixels stay squares, reduced ones are averaged. */
function drawLayer(context, layer, paint, size, { place, frame, pane }) {
  const scale = [0, 1].map((axis) => (place.zoom * frame[axis]) / size[axis]); // screen pixels for a pixel of the picture
  const perPixel = [0, 1].map(
    (axis) => (scale[axis] * layer.box[axis + 2]) / [layer.canvas.width, layer.canvas.height][axis],
  );
  const source = halvedFor(paint.canvas, paint.halves, Math.max(...perPixel));
  const origin = originOf(place, pane);
  const spans = [0, 1].map((axis) => {
    const pixels = [source.width, source.height][axis];
    const step = (scale[axis] * layer.box[axis + 2]) / pixels; // screen pixels for a pixel of the source
    const start = origin[axis] + layer.box[axis] * scale[axis];
    const from = Math.min(Math.max(Math.floor(-start / step), 0), pixels);
    const to = Math.max(Math.min(Math.ceil((pane[axis] - start) / step), pixels), from);
    const length = Math.max((to - from) * step, 1); // 20000x3 is a line yet
    return { from, count: to - from, at: start + from * step, length };
  });
  if (!spans[0].count || !spans[1].count) return;
  context.imageSmoothingEnabled = Math.max(...perPixel) < 1;
  context.drawImage(
    source,
    spans[0].from,
    spans[1].from,
    spans[0].count,
    spans[1].count,
    spans[0].at,
    spans[1].at,
    spans[0].length,
    spans[1].length,
  );
}
