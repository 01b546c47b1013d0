// Pan and zoom by what the hand sees: what is under the pointer stays there, and no edge comes further in than it must.

import * as geometry from "../../aic_helpers/reporting/viewer/geometry.js";
import { equal, near, test } from "./harness.js";

const PANES = [
  [400, 300],
  [397, 299],
  [1, 1],
  [333, 120],
];
const SIZES = [
  [1280, 720],
  [40, 30],
  [1, 1],
  [20000, 3],
  [3, 20000],
  [37, 23],
  [4032, 3024],
];
const ZOOMS = [0.01, 0.3, 1, 1.7, 2, 8, 64];

/** Call body for each size, pane and zoom, with words that say which. */
function everywhere(body) {
  for (const size of SIZES) {
    for (const pane of PANES) {
      for (const zoom of ZOOMS) body(size, pane, zoom, `${size} in ${pane} at ${zoom}`);
    }
  }
}

const middleOf = ([width, height], zoom) => ({ zoom, x: width / 2, y: height / 2 });

test("the whole frame fits, and touches two edges where it is reduced", () => {
  for (const size of SIZES) {
    for (const pane of PANES) {
      const zoom = geometry.fitZoom(size, pane);
      const free = [0, 1].map((axis) => pane[axis] - size[axis] * zoom);
      equal(Math.min(...free) > -1e-6, true, `${size} in ${pane}`);
      if (zoom < 1) near(Math.min(...free), 0, 1e-6, `${size} in ${pane}`);
    }
  }
});

test("a small image is enlarged by a whole number, as much as there is room, to 64 at most", () => {
  equal(geometry.fitZoom([40, 30], [400, 300]), 10);
  equal(geometry.fitZoom([40, 30], [399, 300]), 9);
  equal(geometry.fitZoom([40, 30], [79, 300]), 1);
  equal(geometry.fitZoom([1, 1], [400, 300]), 64);
  equal(geometry.fitZoom([400, 300], [400, 300]), 1);
});

test("a frame larger than the pane has no empty border, a smaller one stands in the middle", () => {
  everywhere((size, pane, zoom, what) => {
    for (const [x, y] of [
      [-50, -50],
      [0, 0],
      [1e9, 1e9],
      [size[0] / 3, size[1] / 5],
    ]) {
      const place = geometry.clampPlace({ zoom, x, y }, size, pane);
      [place.x, place.y].forEach((at, axis) => {
        const [from, to] = [pane[axis] / 2 - at * zoom, pane[axis] / 2 + (size[axis] - at) * zoom];
        if (size[axis] * zoom <= pane[axis]) near(from, pane[axis] - to, 1e-6, `middle: ${what}`);
        else equal(from <= 1e-6 && to >= pane[axis] - 1e-6, true, `edges: ${what}`);
      });
    }
  });
});

test("a place inside is left as it is", () => {
  equal(geometry.clampPlace({ zoom: 4, x: 640, y: 360 }, [1280, 720], [400, 300]), { zoom: 4, x: 640, y: 360 });
});

test("a drag of the hand moves the picture by as many screen pixels, and back again", () => {
  const [size, pane] = [
    [1280, 720],
    [400, 300],
  ];
  for (const zoom of [1, 1.7, 8]) {
    const start = middleOf(size, zoom);
    const [before, place] = [geometry.originOf(start, pane), geometry.panned(start, size, pane, [37, -21])];
    const after = geometry.originOf(place, pane);
    near(after[0] - before[0], 37, 1 - 1e-9);
    near(after[1] - before[1], -21, 1 - 1e-9);
    const back = geometry.panned(place, size, pane, [-37, 21]);
    near(back.x, start.x, 1e-9);
    near(back.y, start.y, 1e-9);
  }
});

test("a hundred small drags are one large one: nothing gets lost by rounding", () => {
  let place = middleOf([1280, 720], 3.3);
  for (let step = 0; step < 100; step++) place = geometry.panned(place, [1280, 720], [400, 300], [1, -1]);
  near(place.x, 640 - 100 / 3.3, 1e-9);
  near(place.y, 360 + 100 / 3.3, 1e-9);
});

test("zooming at a point keeps that point, to half a screen pixel before and after, where no edge comes in", () => {
  const [size, pane] = [
    [1280, 720],
    [400, 300],
  ];
  for (const from of [1, 1.7, 4]) {
    for (const to of [1.1, 2, 5.3, 64]) {
      for (const at of [
        [200, 150],
        [120, 90],
        [333, 290],
      ]) {
        const before = geometry.framePoint(middleOf(size, from), pane, at);
        const place = geometry.zoomedAt(middleOf(size, from), size, pane, to, at);
        const after = geometry.framePoint(place, pane, at);
        equal(place.zoom, to);
        const most = 0.5 / from + 0.5 / to + 1e-6;
        [0, 1].forEach((axis) => near(after[axis] - before[axis], 0, most, `${from} to ${to} at ${at}`));
      }
    }
  }
});

test("zooming in and out again at a point comes back to where it was", () => {
  const [size, pane, at] = [
    [1280, 720],
    [400, 300],
    [310, 40],
  ];
  let place = middleOf(size, 2);
  for (const zoom of [4, 8, 16, 8, 4, 2]) place = geometry.zoomedAt(place, size, pane, zoom, at);
  near(place.x, 640, 1e-9);
  near(place.y, 360, 1e-9);
});

test("a hundred small zooms at a point are one large one: nothing gets lost by rounding", () => {
  const [size, pane, at] = [
    [1280, 720],
    [399, 301],
    [310, 40],
  ];
  let place = middleOf(size, 2);
  for (let step = 1; step <= 100; step++) place = geometry.zoomedAt(place, size, pane, 2 * 4 ** (step / 100), at);
  const wished = geometry.zoomedAt(middleOf(size, 2), size, pane, 8, at);
  near(place.x, wished.x, 1e-9);
  near(place.y, wished.y, 1e-9);
});

test("zooming at a corner of the frame leaves that corner in sight", () => {
  const [size, pane] = [
    [1280, 720],
    [400, 300],
  ];
  const place = geometry.zoomedAt(geometry.clampPlace({ zoom: 2, x: 0, y: 0 }, size, pane), size, pane, 8, [0, 0]);
  equal(geometry.originOf(place, pane), [0, 0]);
  equal(geometry.seenBox(place, size, pane), [0, 0, 50, 38]);
});

test("a frame's origin lies on a whole screen pixel everywhere", () => {
  everywhere((size, pane, zoom, what) => {
    equal(geometry.originOf(middleOf(size, zoom), pane).every(Number.isInteger), true, what);
  });
});

test("what is seen is a box of whole pixels inside the frame, of one pixel at least", () => {
  everywhere((size, pane, zoom, what) => {
    const place = geometry.clampPlace(middleOf(size, zoom), size, pane);
    const box = geometry.seenBox(place, size, pane);
    equal(box.every(Number.isInteger), true, what);
    [0, 1].forEach((axis) => {
      equal(box[axis] >= 0 && box[axis + 2] >= 1 && box[axis] + box[axis + 2] <= size[axis], true, what);
      equal(box[axis + 2] * zoom >= Math.min(pane[axis], size[axis] * zoom) - zoom - 1, true, `enough: ${what}`);
    });
  });
});

test("the whole frame is seen at fit", () => {
  for (const size of SIZES) {
    for (const pane of PANES) {
      const place = geometry.placeOf({ zoom: 0, x: -1, y: -1 }, size, pane);
      equal(geometry.seenBox(place, size, pane), [0, 0, ...size], `${size} in ${pane}`);
    }
  }
});

test("a view without a place shows the middle, one out of the frame the nearest edge", () => {
  equal(geometry.placeOf({ zoom: 4, x: -1, y: -1 }, [1280, 720], [400, 300]), { zoom: 4, x: 640, y: 360 });
  equal(geometry.placeOf({ zoom: 4, x: 9999, y: 0 }, [1280, 720], [400, 300]), { zoom: 4, x: 1230, y: 37.5 });
});

test("zooms end at 64, and at the whole frame or 1:1", () => {
  equal(geometry.boundedZoom(100, [1280, 720], [400, 300]), 64);
  equal(geometry.boundedZoom(0.1, [1280, 720], [400, 300]), 0);
  equal(geometry.boundedZoom(1, [1280, 720], [400, 300]), 1);
  equal(geometry.boundedZoom(9, [40, 30], [400, 300]), 9);
  equal(geometry.boundedZoom(0.5, [40, 30], [400, 300]), 1);
});

test("steps of the zoom are powers of two, up and down, from wherever one is", () => {
  equal(
    [0.3125, 1, 1.7, 2, 31].map((zoom) => geometry.steppedZoom(zoom, true)),
    [0.5, 2, 2, 4, 32],
  );
  equal(
    [0.3125, 1, 1.7, 2, 33].map((zoom) => geometry.steppedZoom(zoom, false)),
    [0.25, 0.5, 1, 1, 32],
  );
});

test("a rectangle drawn in any direction is the same box, cut to the frame", () => {
  const corners = [
    [2.5, 3.5],
    [7.2, 9.9],
  ];
  const [[x0, y0], [x1, y1]] = corners;
  for (const [one, other] of [
    corners,
    [
      [x1, y1],
      [x0, y0],
    ],
    [
      [x0, y1],
      [x1, y0],
    ],
  ]) {
    equal(geometry.boxBetween(one, other, [100, 100]), [2, 3, 6, 7]);
  }
  equal(geometry.boxBetween([-20, -20], [500, 500], [100, 50]), [0, 0, 100, 50]);
  equal(geometry.boxBetween([5.5, 5.5], [5.5, 5.5], [100, 50]), [5, 5, 1, 1]);
  equal(geometry.boxBetween([300, 300], [400, 400], [100, 50]), [99, 49, 1, 1]);
});

test("a box with a margin holds the box, stays in the frame and within its pixels", () => {
  const cases = [
    [
      [600, 300, 100, 80],
      [1280, 720],
    ],
    [
      [0, 0, 9, 9],
      [10, 10],
    ],
    [
      [19000, 0, 900, 3],
      [20000, 3],
    ],
  ];
  for (const [box, size] of cases) {
    const grown = geometry.grownBox(box, size, 20000);
    equal(geometry.isInside(box, grown), true, `${box}`);
    equal(geometry.isInside(grown, [0, 0, ...size]), true, `${box}`);
    equal(grown[2] * grown[3] <= 20000 * 1.1, true, `${grown}`);
  }
  equal(geometry.grownBox([0, 0, 200, 200], [1000, 1000], 100), [0, 0, 200, 200]);
});

test("a box lies inside another or not", () => {
  equal(geometry.isInside([1, 1, 2, 2], [0, 0, 3, 3]), true);
  for (const box of [
    [-1, 1, 2, 2],
    [2, 1, 2, 2],
    [1, 2, 2, 2],
  ]) {
    equal(geometry.isInside(box, [0, 0, 3, 3]), false, `${box}`);
  }
});

test("a box of the frame in a picture of another size has at least what lies under it", () => {
  equal(geometry.boxIn([100, 50, 200, 100], [1280, 720], [320, 180]), [25, 12, 50, 26]);
  equal(geometry.boxIn([0, 0, 1, 1], [1280, 720], [320, 180]), [0, 0, 1, 1]);
  equal(geometry.boxIn([3, 3, 2, 2], [10, 10], [20, 30]), [6, 9, 4, 6]);
});

test("two to six panes stand in one row; where it is narrow, or on request, in two", () => {
  const narrow = geometry.NARROW_PX - 1;
  for (const panes of [2, 3, 4, 5, 6]) equal(geometry.columnsOf(panes, narrow + 1, 1), panes);
  equal(
    [2, 3, 4, 5, 6].map((panes) => geometry.columnsOf(panes, 1000, 2)),
    [1, 2, 2, 3, 3],
  );
  equal(
    [3, 4, 5, 6].map((panes) => geometry.columnsOf(panes, narrow, 1)),
    [2, 2, 3, 3],
  );
  equal(
    [narrow, 200].map((width) => geometry.columnsOf(2, width, 1)),
    [2, 1],
  );
});

test("a pane has the image's shape within bounds, and leaves some of the window", () => {
  equal(geometry.paneHeight(400, [1280, 720], 900), 225);
  equal(geometry.paneHeight(400, [100, 1000], 900), 500);
  equal(geometry.paneHeight(400, [20000, 3], 900), 160);
  equal(geometry.paneHeight(1400, [100, 100], 900), 558);
});
