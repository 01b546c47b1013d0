// What a difference is taken from: the target (the input where there is none), or of a map whatever the view names.

import { SHOWS, titleOf } from "./states.js";

/** Return what error maps and Δ are taken from now. Without a map that is the image's own reference. */
export function mapReference(app) {
  return (app.view.show !== "picture" && app.view.against) || app.reference();
}

/** Return what a map can be taken from: the image's own reference first. */
export function mapReferences(app) {
  const others = app.catalogue.shown.map(({ name }) => name).filter((name) => name !== app.catalogue.reference);
  return [...new Set([app.reference(), ...others])].filter(Boolean);
}

/** Return what a map is and what it is taken from, in words: "error against fast_sr"; empty where none is seen. */
export function mapWords(app) {
  const from = mapReference(app);
  return app.view.show === "picture" || !from ? "" : `${SHOWS[app.view.show]} against ${titleOf(app.catalogue, from)}`;
}

/** Return the same for one picture, where the map isn't from the image's own reference: nobody takes it for that. */
export function ownMapWords(app, name) {
  const from = mapReference(app);
  return from === app.reference() || from === name ? "" : mapWords(app);
}
