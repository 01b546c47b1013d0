// A board's standings: a table that sorts itself, and the plot of quality over speedup above it.
import { isDrawn } from "./axes.js";
import { makePareto } from "./pareto.js";
import { modelsOf, nameOf, qualitiesOf } from "./rows.js";
import { makeSortable } from "./sortable.js";

const hasPlot = (table) =>
  table.tHead.querySelector("[data-key=speedup]") && modelsOf(table).some((model) => isDrawn(model, "psnr_db"));

const showRanksBy = (table, by) => {
  for (const part of table.querySelectorAll(".by")) part.hidden = !part.classList.contains(`by-${by}`);
};

const capOf = ({ dataset }) => (dataset.cap ? Number(dataset.cap) : null);

const addPlot = (root, table, choose) => {
  const look = (row) => {
    for (const lit of table.querySelectorAll("tr.lit")) lit.classList.remove("lit");
    row?.classList.add("lit");
    plot.light(row);
  };
  const given = { cap: capOf(root), qualities: qualitiesOf(table), by: () => root.dataset.by, choose, look };
  const plot = makePareto(modelsOf(table), given);
  root.prepend(plot.el);
  plot.draw();
  const rowOf = ({ target }) => target.closest("tbody tr");
  table.tBodies[0].addEventListener("pointerover", (event) => look(rowOf(event)));
  table.tBodies[0].addEventListener("pointerleave", () => look(null));
  table.tBodies[0].addEventListener("focusin", (event) => look(rowOf(event)));
  table.tBodies[0].addEventListener("focusout", () => look(null));
  return plot;
};

// -> what ends it when it is taken out of the page.
const makeStandings = (root, choose) => {
  const table = root.querySelector("table");
  const plot = hasPlot(table) ? addPlot(root, table, choose) : null;
  makeSortable(table, ({ dataset: { order } }) => {
    const isOther = order !== undefined && order !== root.dataset.by;
    if (isOther) {
      root.dataset.by = order;
      showRanksBy(table, order);
      plot?.draw();
    }
    return root.dataset.by;
  });
  return () => plot?.stop();
};

// In a page: a point leads where the name in its row does.
export const mountAll = (page) => {
  const follow = (row) => row.querySelector("a")?.click();
  for (const root of page.querySelectorAll(".aic-standings")) makeStandings(root, follow);
};

const asButton = (row) => {
  const name = row.cells[0].querySelector("bdi");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "open" });
  name.replaceWith(button);
  button.append(name);
};

const hasSelection = () => String(document.getSelection()) !== "";

// In a notebook: a row and a point ask the kernel for the pictures of their model.
const render = ({ model, el }) => {
  // Made and escaped by the template that makes a report's table.
  const root = new DOMParser().parseFromString(model.get("markup"), "text/html").querySelector(".aic-standings");
  const status = Object.assign(document.createElement("p"), { role: "status", className: "status" });
  root.classList.add("in-notebook");
  root.append(status);
  el.append(root);
  const choose = (row) => {
    for (const other of root.querySelectorAll("tr.chosen")) other.classList.remove("chosen");
    row.classList.add("chosen");
    status.textContent = `${nameOf(row)} opens as soon as the kernel is free.`;
    model.send({ row: Number(row.dataset.row), by: Number(root.dataset.by) });
  };
  const stop = makeStandings(root, choose);
  const table = root.querySelector("table");
  for (const row of table.tBodies[0].rows) asButton(row);
  table.tBodies[0].addEventListener("click", ({ target, detail }) => {
    const row = target.closest("tr");
    if (row && detail < 2 && !hasSelection()) choose(row); // the second click of two is not another one
  });
  const say = () => {
    status.textContent = model.get("words");
  };
  model.on("change:words", say);
  say();
  return () => {
    model.off("change:words", say);
    stop();
  };
};

export default { render };
