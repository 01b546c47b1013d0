// A few lines to test with. A file calls `test` when it is imported. At the end window.results has {file, name, error}.

const tests = [];
const uncaught = []; // what went wrong where nobody waits for it: in a handler, say

window.addEventListener("error", (event) => uncaught.push(event.error?.stack ?? event.message));
window.addEventListener("unhandledrejection", (event) => uncaught.push(event.reason?.stack ?? String(event.reason)));

export function test(name, body) {
  tests.push({ name, body });
}

export function equal(found, wished, what = "") {
  const [one, other] = [found, wished].map((value) => JSON.stringify(value, readable));
  if (one !== other) throw new Error(`${what && `${what}: `}expected ${other}, found ${one}`);
}

export function near(found, wished, most, what = "") {
  if (!(Math.abs(found - wished) <= most)) throw new Error(`${what && `${what}: `}expected ${wished}, found ${found}`);
}

/** Return what a promise or a function throws, as words. */
export async function refusal(body) {
  try {
    await body();
  } catch (error) {
    return error.message;
  }
  throw new Error("expected an error, found none");
}

/** Return an empty place of the page, of a width in CSS pixels; what was there is gone. */
export function stage(width = 800) {
  const place = document.querySelector("#stage");
  place.replaceChildren();
  place.style.width = `${width}px`;
  return place;
}

/** Wait until the page draws next. */
export const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** Wait until a condition holds, looking at it at each frame; fail after twenty seconds. */
export async function until(condition, what) {
  for (const start = performance.now(); performance.now() - start < 20_000;) {
    if (condition()) return;
    await frame();
  }
  throw new Error(`waited in vain for ${what}`);
}

export async function run(files) {
  const results = [];
  for (const file of files) {
    tests.length = 0;
    const loading = { name: "loads", body: () => import(`./${file}`) };
    results.push(await outcome(file, loading));
    for (const one of [...tests]) results.push(await outcome(file, one));
  }
  stage();
  window.results = results;
}

async function outcome(file, { name, body }) {
  const result = { file, name, error: "" };
  await Promise.resolve()
    .then(body)
    .catch((error) => uncaught.push(error.stack || String(error)));
  result.error = uncaught.splice(0).join("\n");
  const line = document.createElement("p");
  line.textContent = `${result.error ? "failed" : "passed"}: ${file}: ${name}\n${result.error}`;
  line.className = result.error ? "failed" : "passed";
  document.querySelector("#log").append(line);
  return result;
}

/** Objects are alike whatever the order of their keys; JSON has no infinity, and arrays of bytes as objects. */
function readable(_, value) {
  if (ArrayBuffer.isView(value)) return Array.from(value);
  const isPlain = value && typeof value === "object" && !Array.isArray(value);
  if (isPlain) return Object.fromEntries(Object.entries(value).sort());
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
