// Panes compared with what they should have, screen pixel by screen pixel.

import { expectedPane } from "./expected.js";
import { seen } from "./mounted.js";
import { pixelOf } from "./pictures.js";

/** Return where a frame's corner is when a point of it, its middle at first, is in the middle of a pane. */
export const exact = (pane, at, zoom) => [pane.width / 2 - at[0] * zoom, pane.height / 2 - at[1] * zoom];
export const middle = (pane, [width, height], zoom) => exact(pane, [width / 2, height / 2], zoom).map(Math.round);

/** Check every screen pixel of a pane against the picture that should lie in it. */
export function shows(number, pixels, place, scale = 1) {
  same(seen(number), drawn(seen(number), pixels, place, scale), `pane ${number}`);
}

/** Return what a pane should have. `scale`: the frame's pixels for each of the picture's. */
export const drawn = (pane, pixels, place, scale = 1) => expectedPane(pane, pixels, { ...place, scale });

/** Check that all pixels are alike, or those that count. */
export function same(found, wished, what, counts = () => true) {
  for (let at = 0; at < found.data.length; at++) {
    if (found.data[at] === wished.data[at]) continue;
    const place = [Math.floor(at / 4) % found.width, Math.floor(at / 4 / found.width)];
    if (!counts(...place)) continue;
    const [has, should] = [found, wished].map((image) => pixelOf(image, ...place));
    throw new Error(`${what}, ${found.width}x${found.height}, has ${has} at ${place}; expected ${should}`);
  }
}
