"use strict";
const root = document.documentElement;
root.classList.add("js");

const theme = document.getElementById("theme");
const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme || (prefersDark.matches ? "dark" : "light")) === "dark";
const nameTheme = () => { theme.textContent = isDark() ? "Light colours" : "Dark colours"; };
theme.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
prefersDark.addEventListener("change", nameTheme);
nameTheme();

// A picture that stands in the page already is shown a second time only with this script.
for (const image of document.querySelectorAll("img[data-copy-of]")) {
  image.src = document.getElementById(image.dataset.copyOf).src;
}

const folded = [...document.querySelectorAll("details")];
// A link leads to what has that id, or (#view=, #view-2=, ...) to a viewer by its number.
const linkedTo = (hash) => {
  const [isViewer, number = 1] = hash.match(/^view(?:-(\d+))?=/) ?? [];
  return isViewer ? document.querySelectorAll(".aic-viewer-data")[number - 1] : document.getElementById(hash);
};
const openTarget = () => {
  const target = linkedTo(location.hash.slice(1));
  for (const details of folded) if (details.contains(target)) details.open = true;
};
window.addEventListener("hashchange", openTarget);
openTarget();

let closed = [];
window.addEventListener("beforeprint", () => {
  closed = folded.filter((details) => !details.open);
  for (const details of closed) details.open = true;
});
window.addEventListener("afterprint", () => {
  for (const details of closed) details.open = false;
});
