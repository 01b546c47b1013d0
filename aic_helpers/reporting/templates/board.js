// Tables that are sorted by a click on a column's name. Without this script they stand as they are, best first.
const sortBy = (table, place, descending) => {
  const rows = [...table.tBodies[0].rows];
  const key = (row) => row.cells[place].dataset.sort;
  const words = rows.some((row) => key(row) !== "" && !Number.isFinite(Number(key(row))));
  const compare = (a, b) => (words ? a.localeCompare(b, undefined, { numeric: true }) : Number(a) - Number(b));
  const filled = rows.filter((row) => key(row) !== "").sort((a, b) => (descending ? -1 : 1) * compare(key(a), key(b)));
  table.tBodies[0].append(...filled, ...rows.filter((row) => key(row) === ""));
};

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = place === 0 || table.classList.contains("matrix") ? "ascending" : "descending";
      const other = first === "ascending" ? "descending" : "ascending";
      const direction = head.getAttribute("aria-sort") === first ? other : first;
      for (const any of heads) any.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", direction);
      sortBy(table, place, direction === "descending");
    });
  });
}
