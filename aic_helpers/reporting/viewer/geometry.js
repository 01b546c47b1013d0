// Where an image lies in a pane. All panes look at one frame: a rectangle of `size` [width, height] pixels in which all
// pictures of an image lie. A place is {zoom, x, y}: screen pixels for each pixel of the frame, and the middle of what
// is seen, in pixels of the frame. A pane is [width, height] in screen pixels (device pixels, not CSS pixels).

export const MOST_ZOOM = 64;
export const ZOOMS = [1, 2, 4, 8];

// Below this width of the whole (CSS pixels) panes stand in two rows.
export const NARROW_PX = 560;

/** Return the zoom at which the whole frame is seen: a whole number where it is enlarged, so that pixels stay alike. */
export function fitZoom(size, pane) {
  const share = Math.min(pane[0] / size[0], pane[1] / size[1]);
  return share >= 1 ? Math.min(Math.floor(share), MOST_ZOOM) : Math.max(share, Number.MIN_VALUE);
}

/** Return the zoom that a view asks for; 0 stands for the whole frame. A link can't make it vanish. */
export function zoomOf(view, size, pane) {
  return view.zoom > 0 ? Math.max(view.zoom, Math.min(fitZoom(size, pane), 1) / 4) : fitZoom(size, pane);
}

/** Return a place moved so far that no edge of the frame comes further in than it must. */
export function clampPlace(place, size, pane) {
  const held = (at, side, seen) => {
    const half = seen / place.zoom / 2;
    return side <= 2 * half ? side / 2 : Math.min(Math.max(at, half), side - half);
  };
  return { zoom: place.zoom, x: held(place.x, size[0], pane[0]), y: held(place.y, size[1], pane[1]) };
}

/** Return the place that a view asks for, in a pane. */
export function placeOf(view, size, pane) {
  const [x, y] = view.x < 0 || view.y < 0 ? [size[0] / 2, size[1] / 2] : [view.x, view.y];
  return clampPlace({ zoom: zoomOf(view, size, pane), x, y }, size, pane);
}

/** Return where the frame's left top corner lies in the pane: on a whole pixel, so that whole zooms are exact. */
export function originOf(place, pane) {
  return [Math.round(pane[0] / 2 - place.x * place.zoom), Math.round(pane[1] / 2 - place.y * place.zoom)];
}

/** Return the point of the frame that lies at a point of the pane. */
export function framePoint(place, pane, [left, top]) {
  const [x, y] = originOf(place, pane);
  return [(left - x) / place.zoom, (top - y) / place.zoom];
}

/** Return the place after a move of the hand by some screen pixels. */
export function panned(place, size, pane, [right, down]) {
  return clampPlace({ ...place, x: place.x - right / place.zoom, y: place.y - down / place.zoom }, size, pane);
}

/** Return the place with another zoom at which the point of the frame under `at` stays there, as far as edges allow. */
export function zoomedAt(place, size, pane, zoom, at) {
  const shift = 1 / place.zoom - 1 / zoom; // not by way of the rounded origin: small steps would add up its errors
  const middle = { zoom, x: place.x + (at[0] - pane[0] / 2) * shift, y: place.y + (at[1] - pane[1] / 2) * shift };
  return clampPlace(middle, size, pane);
}

/** Return a zoom between the least and the largest; 0, the whole frame, where it would show no more than that. */
export function boundedZoom(zoom, size, pane) {
  if (zoom > fitZoom(size, pane)) return Math.min(zoom, MOST_ZOOM);
  return fitZoom(size, pane) > 1 ? Math.max(zoom, 1) : 0;
}

/** Return the next zoom up or down: whole frame, and the powers of two. */
export function steppedZoom(zoom, up) {
  return up ? 2 ** Math.floor(Math.log2(zoom) + 1 + 1e-9) : 2 ** Math.ceil(Math.log2(zoom) - 1 - 1e-9);
}

/** Return the part of the frame that is seen, as whole pixels [x, y, width, height]. */
export function seenBox(place, size, pane) {
  const [left, top] = framePoint(place, pane, [0, 0]);
  const [right, bottom] = framePoint(place, pane, pane);
  return boxBetween([left, top], [right, bottom], size);
}

/** Return the box of whole pixels around two points, inside the frame; at least one pixel. */
export function boxBetween(one, other, size) {
  const spans = [0, 1].map((axis) => {
    const ends = [one[axis], other[axis]].sort((a, b) => a - b);
    const from = Math.min(Math.max(Math.floor(ends[0]), 0), size[axis] - 1);
    return [from, Math.min(Math.max(Math.ceil(ends[1]), from + 1), size[axis])];
  });
  return [spans[0][0], spans[1][0], spans[0][1] - spans[0][0], spans[1][1] - spans[1][0]];
}

/** Return a box with a margin on all sides, as large as some number of pixels allows, inside the frame. */
export function grownBox(box, size, mostPixels) {
  const [x, y, width, height] = box;
  const share = Math.max(0, Math.min(0.5, (Math.sqrt(mostPixels / (width * height)) - 1) / 2));
  const margin = [width * share, height * share];
  return boxBetween([x - margin[0], y - margin[1]], [x + width + margin[0], y + height + margin[1]], size);
}

/** Tell whether a box lies inside another. */
export function isInside(box, other) {
  return [0, 1].every((axis) => box[axis] >= other[axis] && box[axis] + box[axis + 2] <= other[axis] + other[axis + 2]);
}

/** Return a box of the frame in the pixels of a picture that is stretched over it. */
export function boxIn(box, frame, size) {
  const scale = [size[0] / frame[0], size[1] / frame[1]];
  const from = [box[0] * scale[0], box[1] * scale[1]];
  return boxBetween(from, [from[0] + box[2] * scale[0], from[1] + box[3] * scale[1]], size);
}

/** Return how many panes stand in a row of the whole, whose width is in CSS pixels. */
export function columnsOf(panes, width, rows) {
  if (width >= NARROW_PX && rows < 2) return panes;
  return panes === 2 && width >= NARROW_PX / 2 && rows < 2 ? 2 : Math.max(1, Math.ceil(panes / 2));
}

/** Return a pane's height for its width: the shape of the image within bounds, and not more than the window has. */
export function paneHeight(width, size, windowHeight) {
  const shape = Math.min(Math.max(size[1] / size[0], 0.4), 1.25);
  return Math.round(Math.min(Math.max(width * shape, 90), Math.max(windowHeight * 0.62, 160)));
}
