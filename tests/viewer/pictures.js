// Pictures of known pixels.

/** Return pixels of a size; colour(x, y) gives [r, g, b] of each. */
export function picture(width, height, colour) {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(colour(x, y), (y * width + x) * 4);
  return { data, width, height };
}

/** Return noise that is the same with each call for a seed: Lehmer's generator. */
export function noise(width, height, seed) {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let at = 0, state = seed; at < data.length; at++) {
    if (at % 4 < 3) data[at] = (state = (state * 48271) % 2147483647) % 256;
  }
  return { data, width, height };
}

export function pixelOf({ data, width }, x, y) {
  return Array.from(data.slice((y * width + x) * 4, (y * width + x) * 4 + 4));
}
