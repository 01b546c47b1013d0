// What a table of standings says of each model: the rows themselves are the data.

// Python writes infinity as inf.
export const numberOf = (text = "") => (text ? Number(text.replace(/^([+-]?)inf(inity)?$/i, "$1Infinity")) : NaN);

const figureOf = ({ dataset }) => ({
  value: numberOf(dataset.sort),
  low: numberOf(dataset.low),
  high: numberOf(dataset.high),
});

const copiesOf = (element) => [...element.childNodes].map((node) => node.cloneNode(true));

const headsOf = (table) => [...table.tHead.rows[0].cells];

// -> {psnr_db: "PSNR (dB)", ...}: the metrics among the columns, as an axis calls them.
export const qualitiesOf = (table) =>
  Object.fromEntries(
    headsOf(table).flatMap(({ dataset }) => (dataset.quality ? [[dataset.key, dataset.quality]] : [])),
  );

export const nameOf = (row) => row.cells[0].querySelector("bdi").textContent;

// -> [{row, name, kind, front: ["psnr_db", ...], figures: {psnr_db: {value, low, high}, ...}}]
export const modelsOf = (table) => {
  const keys = headsOf(table).map((head) => head.dataset.key);
  return [...table.tBodies[0].rows].map((row) => ({
    row,
    name: nameOf(row),
    kind: row.dataset.kind,
    front: (row.dataset.front ?? "").split(" "),
    figures: Object.fromEntries(keys.map((key, place) => [key, figureOf(row.cells[place])])),
  }));
};

const itemOf = (head, cell, by) => {
  const [term, words] = [document.createElement("dt"), document.createElement("dd")];
  term.append(...copiesOf(head.querySelector("button") ?? head));
  words.append(...copiesOf(cell));
  for (const part of [term, words]) part.querySelectorAll(`.by:not(.by-${by})`).forEach((other) => other.remove());
  for (const part of [term, words]) part.querySelectorAll(".by").forEach((own) => own.removeAttribute("hidden"));
  return words.textContent.trim() ? [term, words] : [];
};

// The words of a row once more, with its name on top.
export const fillCard = (card, row, by) => {
  const heads = headsOf(row.closest("table"));
  const title = Object.assign(document.createElement("strong"), { textContent: nameOf(row) });
  const list = document.createElement("dl");
  list.append(...[...row.cells].flatMap((cell, place) => (place ? itemOf(heads[place], cell, by) : [])));
  card.replaceChildren(title, list);
};

// The same as one line, for who hears it.
export const sentenceOf = (row, by) => {
  const card = document.createElement("div");
  fillCard(card, row, by);
  const parts = [...card.querySelectorAll("dt")].map((term) => `${term.textContent} ${term.nextSibling.textContent}`);
  return `${nameOf(row)}: ${parts.map((part) => part.trim()).join(", ")}`.replace(/\s+/g, " ");
};
