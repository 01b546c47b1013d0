// Tables that are sorted by a click on a column's name, or by the keyboard: each name becomes a button.
import { numberOf } from "./rows.js";

const keyOf = (row, place, by) => {
  const { dataset } = row.cells[place];
  return dataset.sort ?? row.cells[place].getAttribute(`data-sort-${by}`) ?? "";
};

const compareNumbers = (a, b) => Math.sign(numberOf(a) - numberOf(b)) || 0; // two infinities are alike
const compareWords = (a, b) => a.localeCompare(b, undefined, { numeric: true });

// By numbers, rows without a rank stay behind the others; rows without the number come last of all.
export const sortedRows = (rows, place, by, descending) => {
  const key = (row) => keyOf(row, place, by);
  const words = rows.some((row) => key(row) !== "" && Number.isNaN(numberOf(key(row))));
  const compare = words ? compareWords : compareNumbers;
  const isBehind = ({ dataset: { kind, ranked } }) => !words && kind && ranked === undefined;
  const level = (row) => (key(row) === "" ? 2 : Number(isBehind(row)));
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => level(a) - level(b) || (level(a) === 2 ? 0 : sign * compare(key(a), key(b))));
};

const nextDirection = (head) => {
  const first = head.dataset.first ?? "descending";
  const other = first === "ascending" ? "descending" : "ascending";
  return head.getAttribute("aria-sort") === first ? other : first;
};

// `sorted(head)` is told the head of the column before the rows move, and returns the place of what ranks.
export const makeSortable = (table, sorted) => {
  const heads = [...table.tHead.rows[0].cells];
  const sort = (head, place) => {
    const direction = nextDirection(head);
    for (const any of heads) any.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const by = sorted(head);
    table.tBodies[0].append(...sortedRows([...table.tBodies[0].rows], place, by, direction === "descending"));
  };
  heads.forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head, place));
  });
};
