// A live explorer of a latent plane: drag the point, and a decoder that a notebook has trained
// draws what is there. It runs in the reader's browser and asks no server for anything.
//
// From top to bottom: numbers out of text, the network, a chart with two axes, the plane with its
// point, the views of what is decoded, what a search adds to the plane, a polygon to drag, and the
// element <ae-explorer> that puts them together.
// aecourse/explorer writes what it reads.
(() => {
  "use strict";
  // Each output of a notebook brings this script along; the first one on a page does the work.
  if (customElements.get("ae-explorer")) return;

  // ---- numbers out of text -------------------------------------------------------------------

  // The bytes of numbers come as text (base64). A text that was cut or changed is noticed by its
  // length, or by the proof at the end.
  function numbers(text, Kind, count, name) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    if (bytes.length !== count * Kind.BYTES_PER_ELEMENT) {
      throw new Error(
        `expected ${count} numbers in ${name}, got ${bytes.length / Kind.BYTES_PER_ELEMENT}`);
    }
    return new Kind(bytes.buffer);
  }

  // A matrix is kept as whole numbers; what one of them is worth is the scale of its row.
  function matrix({ rows, columns, bytes, values, scales }, name) {
    const whole = numbers(values, bytes === 1 ? Int8Array : Int16Array, rows * columns, name);
    const scale = numbers(scales, Float32Array, rows, `the scales of ${name}`);
    return Array.from({ length: rows }, (_, row) =>
      Float32Array.from(whole.subarray(row * columns, (row + 1) * columns), (q) => q * scale[row]));
  }

  // ---- the network ---------------------------------------------------------------------------

  const ACTIVATIONS = {
    none: () => (y) => y,
    relu: (slope) => (y) => (y > 0 ? y : slope * y),
    silu: () => (y) => y / (1 + Math.exp(-y)),
    tanh: () => Math.tanh,
    sigmoid: () => (y) => 1 / (1 + Math.exp(-y)),
  };

  // A dense layer: y = activation(W x + b).
  function dense({ weights, bias, activation, slope }, name) {
    const act = ACTIVATIONS[activation]?.(slope);
    if (!act) throw new Error(`unknown activation in ${name}: ${activation}`);
    const rows = matrix(weights, name);
    const offset = numbers(bias, Float32Array, rows.length, `the bias of ${name}`);
    return (x) => {
      if (weights.columns !== x.length) {
        throw new Error(`expected ${weights.columns} numbers into ${name}, got ${x.length}`);
      }
      const y = new Float32Array(rows.length);
      for (let i = 0; i < y.length; i++) y[i] = act(offset[i] + dot(rows[i], x));
      return y;
    };
  }

  // Four sums side by side: the next product need not wait for the last sum.
  function dot(a, b) {
    let p = 0, q = 0, r = 0, s = 0, i = 0;
    for (; i + 3 < a.length; i += 4) {
      p += a[i] * b[i];
      q += a[i + 1] * b[i + 1];
      r += a[i + 2] * b[i + 2];
      s += a[i + 3] * b[i + 3];
    }
    for (; i < a.length; i++) p += a[i] * b[i];
    return p + q + r + s;
  }

  // A step that makes a large field of a small one, or the other way round: Y = A X Bᵀ. The rows
  // of a smooth field are alike, and so are its columns: few of each suffice.
  function sides({ left, right }, name) {
    const [a, b] = [matrix(left, name), matrix(right, name)];
    return (x) => {
      const y = new Float32Array(a.length * b.length), row = new Float32Array(right.columns);
      for (let i = 0; i < a.length; i++) {
        row.fill(0);
        a[i].forEach((weight, k) => {
          for (let j = 0; j < row.length; j++) row[j] += weight * x[k * row.length + j];
        });
        for (let j = 0; j < b.length; j++) y[i * b.length + j] = dot(b[j], row);
      }
      return y;
    };
  }

  // The layers, one after the other.
  class Network {
    constructor(layers) {
      this.steps = layers.map((layer, index) =>
        (layer.left ? sides : dense)(layer, `layer ${index + 1}`));
    }

    run(code) {
      return this.steps.reduce((values, step) => step(values), Float32Array.from(code));
    }
  }

  // ---- drawing -------------------------------------------------------------------------------

  const SVG = "http://www.w3.org/2000/svg";

  function build(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }
  const tag = (name, attributes = {}, ...children) =>
    build(document.createElement(name), attributes, children);
  const svg = (name, attributes = {}, ...children) =>
    build(document.createElementNS(SVG, name), attributes, children);

  // As many digits behind the point as tell a hundredth of a size; a true minus, and no −0.00.
  const places = (size) => Math.max(0, 2 - Math.floor(Math.log10(size)));
  const shown = (value, digits) =>
    value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");

  // About five round numbers between two ends.
  function ticks(low, high) {
    const rough = (high - low) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((s) => s >= rough);
    const count = Math.floor(high / step) - Math.ceil(low / step) + 1;
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return Array.from({ length: count }, (_, k) => (Math.ceil(low / step) + k) * step)
      .map((value) => ({ value, text: shown(value, digits) }));
  }

  // Two axes and, in units of the data, the group that things are drawn into. Lines and letters
  // take the colour of the text around them: so they suit a light page and a dark one.
  const SIDE = 320, LEFT = 46, BELOW = 36, EDGE = 6;

  function chart(low, high, labels) {
    const [right, bottom] = [SIDE - EDGE, SIDE - BELOW];
    const scale = [(right - LEFT) / (high[0] - low[0]), -(bottom - EDGE) / (high[1] - low[1])];
    const origin = [LEFT - scale[0] * low[0], bottom - scale[1] * low[1]];
    const across = (x) => origin[0] + scale[0] * x, up = (y) => origin[1] + scale[1] * y;
    const clip = `ae-clip-${(chart.count = (chart.count ?? 0) + 1)}`;
    const frame = { x: LEFT, y: EDGE, width: right - LEFT, height: bottom - EDGE };
    const data = svg("g", { transform: `matrix(${scale[0]} 0 0 ${scale[1]} ${origin})` });
    const element = svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true" },
      svg("clipPath", { id: clip }, svg("rect", frame)),
      svg("rect", { ...frame, class: "ae-frame" }),
      svg("g", { "clip-path": `url(#${clip})` }, data),
      ...ticks(low[0], high[0]).map(({ value, text }) =>
        svg("text", { x: across(value), y: bottom + 15, "text-anchor": "middle" }, text)),
      ...ticks(low[1], high[1]).map(({ value, text }) =>
        svg("text", { x: LEFT - 5, y: up(value) + 4, "text-anchor": "end" }, text)),
      svg("text", { x: (LEFT + right) / 2, y: SIDE - 4, "text-anchor": "middle" }, labels[0]),
      svg("text", { x: 11, y: (EDGE + bottom) / 2, "text-anchor": "middle",
        transform: `rotate(-90 11 ${(EDGE + bottom) / 2})` }, labels[1]));
    return { element, data, across, up };
  }

  // ---- the plane and its point ---------------------------------------------------------------

  const STEPS = 200; // of a slider from end to end
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

  // It calls moved(z) whenever the reader has put the point elsewhere.
  class Plane {
    constructor({ low, high, points, labels, classes, colours, limit }, moved) {
      [this.xs, this.ys] = matrix(points, "the points");
      Object.assign(this, { low, high, labels, classes, limit, moved });
      this.chart = chart(low, high, ["z₁", "z₂"]);
      this.drawPoints(colours);
      this.handle = tag("div", { class: "ae-handle" });
      this.pad = tag("div", { class: "ae-pad", tabindex: "0", role: "application",
        "aria-roledescription": "plane", "aria-label": "Latent plane: arrow keys move the point" },
      this.chart.element, this.handle);
      this.sliders = [0, 1].map(() => tag("input", { type: "range", min: 0, max: STEPS }));
      this.element = tag("div", { class: "ae-plane" }, this.pad,
        ...this.sliders.map((slider, axis) => tag("label", {}, `z${"₁₂"[axis]} `, slider)));
      this.listen();
    }

    // A dot is a line of no length with round ends. Thick ones, as wide as points usually are
    // apart, lie under them all: where the plane is not grey, the model has seen nothing.
    drawPoints(colours) {
      const { xs, ys, labels, classes, limit, chart: { data, element, across, up } } = this;
      const dots = (indices) => indices.map((i) => `M${xs[i]} ${ys[i]}h0`).join("");
      const all = Array.from(xs.keys());
      data.append(svg("path", { class: "ae-near", d: dots(all), "stroke-width": 2 * limit }));
      colours.forEach((colour, k) => {
        const own = labels ? all.filter((i) => labels[i] === k) : all;
        data.append(svg("path", { class: "ae-dots", d: dots(own), stroke: colour }));
        if (!classes) return;
        const median = (values) =>
          own.map((i) => values[i]).sort((a, b) => a - b)[Math.floor(own.length / 2)];
        element.append(svg("text",
          { class: "ae-class", x: across(median(xs)), y: up(median(ys)) + 5 }, classes[k]));
      });
    }

    listen() {
      const { pad, sliders } = this;
      const follow = (event) => {
        const box = pad.getBoundingClientRect();
        const x = ((event.clientX - box.left) / box.width) * SIDE;
        const y = ((event.clientY - box.top) / box.height) * SIDE;
        const { across, up } = this.chart;
        this.move([x, y].map((pixel, axis) => {
          const [from, to] = [this.low[axis], this.high[axis]].map(axis ? up : across);
          return this.low[axis] + ((pixel - from) / (to - from)) * this.span(axis);
        }));
      };
      // A finger drags the point itself; elsewhere it scrolls the page, and a tap moves the point.
      pad.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        if (event.pointerType === "touch" && event.target !== this.handle) return;
        pad.setPointerCapture(event.pointerId);
        follow(event);
      });
      pad.addEventListener("pointermove", (event) => {
        if (pad.hasPointerCapture(event.pointerId)) follow(event);
      });
      pad.addEventListener("click", follow);
      pad.addEventListener("keydown", (event) => {
        const way = WAYS[event.key];
        if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault(); // the page stays where it is
        const size = event.shiftKey ? 0.1 : 0.02; // of the plane
        this.move(this.z.map((value, axis) => value + way[axis] * size * this.span(axis)));
      });
      sliders.forEach((slider, axis) => slider.addEventListener("input", () =>
        this.move(this.z.map((value, k) =>
          k === axis ? this.low[k] + (slider.value / STEPS) * this.span(k) : value))));
    }

    move(z) {
      this.z = z.map((value, k) => Math.min(Math.max(value, this.low[k]), this.high[k]));
      this.handle.style.left = `${(100 * this.chart.across(this.z[0])) / SIDE}%`;
      this.handle.style.top = `${(100 * this.chart.up(this.z[1])) / SIDE}%`;
      this.sliders.forEach((slider, k) => {
        slider.value = ((this.z[k] - this.low[k]) / this.span(k)) * STEPS;
        slider.setAttribute("aria-valuetext", this.text(k));
      });
      this.moved(this.z);
    }

    nearest([x, y]) {
      let found = 0, least = Infinity;
      for (let i = 0; i < this.xs.length; i++) {
        const square = (this.xs[i] - x) ** 2 + (this.ys[i] - y) ** 2;
        if (square < least) [found, least] = [i, square];
      }
      return { index: found, distance: Math.sqrt(least) };
    }

    span(axis) {
      return this.high[axis] - this.low[axis];
    }

    // One number of the point's code.
    text(axis) {
      return shown(this.z[axis], places(this.span(axis)));
    }
  }

  // ---- views of what is decoded --------------------------------------------------------------
  // A view is made once, of what the notebook says about it. It returns an element, and a function
  // draw(values, original) that shows decoded values and, where the page holds it, the nearest
  // sample. What draw returns are numbers measured on the way, by their names.

  function image({ height, width, range: [white, black] }, { sample, originals }) {
    const picture = (caption) => {
      const canvas = tag("canvas", { width, height, "aria-hidden": "true" });
      const element = tag("div", {}, canvas, caption);
      const draw = (values) => {
        const pixels = new ImageData(width, height);
        values.forEach((value, i) => {
          const grey = 255 * (1 - (value - white) / (black - white)); // the array cuts it off
          pixels.data.set([grey, grey, grey, 255], 4 * i);
        });
        canvas.getContext("2d").putImageData(pixels, 0, 0);
      };
      return { element, draw };
    };
    const decoded = picture("decoded"), nearest = originals && picture(`nearest ${sample}`);
    const element = tag("div", { class: "ae-pictures" }, decoded.element, nearest?.element ?? "");
    return { element, draw(values, original) {
      decoded.draw(values);
      nearest?.draw(original);
    } };
  }

  function curve({ x, range, axes }, { sample, originals }) {
    const { element: svgElement, data } = chart([x[0], range[0]], [x.at(-1), range[1]], axes);
    const nearest = svg("path", { class: "ae-original" });
    const decoded = svg("path", { class: "ae-line" });
    data.append(nearest, decoded);
    const points = (values) => `M${Array.from(values, (y, i) => `${x[i]} ${y}`).join("L")}`;
    const key = (name, text) => tag("span", {},
      svg("svg", { viewBox: "0 0 24 6" }, svg("path", { class: name, d: "M0 3h24" })), text);
    const element = tag("div", {}, svgElement, tag("div", { class: "ae-keys" },
      key("ae-line", "decoded"), originals ? key("ae-original", `nearest ${sample}`) : ""));
    return { element, draw(values, original) {
      decoded.setAttribute("d", points(values));
      if (original) nearest.setAttribute("d", points(original));
    } };
  }

  // With a housing, shapes are drawn and measured at one area, in a dashed circle.
  function outline({ side, extent, buildable, housing }) {
    const path = svg("path", { class: "ae-outline" });
    const half = housing ? 1.15 * housing.radius : extent;
    const frame = { x: -half, y: -half, width: 2 * half, height: 2 * half };
    const picture = svg("svg", { viewBox: `${-half} ${-half} ${2 * half} ${2 * half}`,
      "aria-hidden": "true" }, svg("rect", { ...frame, class: "ae-frame" }), path);
    if (housing) picture.append(svg("circle", { class: "ae-housing", r: housing.radius }));
    const element = tag("div", { class: "ae-drawing" }, picture);
    const place = (index) => -extent + (2 * extent * index) / (side - 1);
    return { element, picture, draw(values) {
      const lines = contours(values, side)
        .map((line) => line.map(([x, y]) => [place(x), place(y)]));
      const whole = lines.length > 0 && !touches(values, side);
      const area = sum(lines, enclosed);
      const scale = housing && area > 0 ? Math.sqrt(housing.area / area) : 1;
      // In the picture y runs downwards.
      path.setAttribute("d", lines.map((line) =>
        `M${line.map(([x, y]) => `${scale * x} ${-scale * y}`).join("L")}Z`).join(""));
      const perimeter = sum(lines, (line) => sum(line, ([x, y], k) => {
        const [u, v] = line[(k + 1) % line.length];
        return Math.hypot(u - x, v - y);
      }));
      const numbers = whole
        ? { area: scale ** 2 * area, perimeter: scale * perimeter,
          quotient: perimeter ** 2 / (4 * Math.PI * area) }
        : { area: NaN, perimeter: NaN, quotient: NaN };
      if (housing) {
        const reach = Math.max(...lines.flat().map(([x, y]) => scale * Math.hypot(x, y)));
        numbers["fits the housing"] = !whole ? "no: it is no whole shape"
          : `${reach <= housing.radius ? "yes" : "no"}: reaches ${shown(reach, 3)} ` +
            `of ${shown(housing.radius, 3)}`;
      }
      if (buildable) {
        numbers["could be made"] = couldBeMade(values, side, extent, buildable) ? "yes" : "no";
      }
      return numbers;
    } };
  }

  const sum = (items, number) =>
    items.reduce((total, item, index) => total + number(item, index), 0);

  // The area within a closed line; that of a hole is negative.
  const enclosed = (line) => sum(line, ([x, y], k) => {
    const [u, v] = line[(k + 1) % line.length];
    return (x * v - u * y) / 2;
  });

  // As shapes.buildable: one piece, off the border, large enough, without holes. With half of the
  // width taken off all sides it still is one piece (no neck is narrower), and with as much added
  // so is the outside (no slit is narrower). Crumbs of a thousandth do not count.
  function couldBeMade(values, side, extent, { minimum_area, minimum_width }) {
    const half = minimum_width / 2, cell = (2 * extent / (side - 1)) ** 2;
    const areas = (field) => contours(field, side).map((line) => cell * enclosed(line));
    if (touches(values, side, half)) return false;
    const all = areas(values), area = sum(all, (part) => part);
    if (all.filter((part) => part > 0).length !== 1 || area < minimum_area) return false;
    return [values.map((value) => value + half), values.map((value) => half - value)]
      .every((field) => areas(field).filter((part) => part > 1e-3 * area).length === 1);
  }

  const touches = (values, side, margin = 0) => values.some((value, k) => value <= margin &&
    (k < side || k >= side * (side - 1) || k % side === 0 || k % side === side - 1));

  // The closed lines where a field is zero, by marching squares: each square of four nodes is
  // crossed between corners of different sign. The inside, below zero, lies on the left, so an
  // enclosed area comes out positive, and that of a hole negative. Beyond the field is outside.
  function contours(values, side) {
    const at = (x, y) => (x < 0 || y < 0 || x >= side || y >= side ? 1 : values[y * side + x]);
    const wide = side + 2, below = new Uint8Array(wide * wide); // with a border of the outside
    values.forEach((value, k) => {
      below[wide + 1 + k + 2 * Math.floor(k / side)] = value < 0;
    });
    const steps = new Map(); // from one crossing to the next; a crossing is named by its edge
    const crossing = (x, y, u, v) => {
      const share = at(x, y) / (at(x, y) - at(u, v)); // linear between the nodes
      return { edge: `${Math.min(x, u)} ${Math.min(y, v)} ${x === u}`,
        point: [x + share * (u - x), y + share * (v - y)] };
    };
    for (let y = -1; y < side; y++) {
      for (let x = -1; x < side; x++) {
        const k = (y + 1) * wide + x + 1;
        const n = below[k] + below[k + 1] + below[k + wide] + below[k + wide + 1];
        if (n === 0 || n === 4) continue; // no crossing
        const corners = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]]; // counter-clockwise
        const inside = corners.map(([u, v]) => at(u, v) < 0);
        // Walking round the square: where the way leaves the inside a line begins, and it ends
        // where the way enters the inside.
        const starts = [], ends = [];
        corners.forEach((corner, k) => {
          const next = (k + 1) % 4;
          if (inside[k] === inside[next]) return;
          (inside[k] ? starts : ends).push({ k, ...crossing(...corner, ...corners[next]) });
        });
        // Two of each: the middle says whether the two inner corners are joined.
        const middle = corners.reduce((sum, [u, v]) => sum + at(u, v), 0) < 0;
        for (const start of starts) {
          const across = (start.k + (middle ? 1 : 3)) % 4;
          const end = ends.length === 1 ? ends[0] : ends.find(({ k }) => k === across);
          steps.set(start.edge, { point: start.point, next: end.edge });
        }
      }
    }
    const lines = [];
    while (steps.size) {
      const line = [];
      let edge = steps.keys().next().value;
      for (let step; (step = steps.get(edge)); edge = step.next) {
        line.push(step.point);
        steps.delete(edge);
      }
      lines.push(line);
    }
    return lines;
  }

  const VIEWS = { image, curve, outline };

  // Columns of numbers, each with a heading. Every name has a row; "–" where a column lacks it.
  function fill(table, columns) {
    const full = Object.entries(columns).filter(([, numbers]) => Object.keys(numbers).length);
    const names = [...new Set(full.flatMap(([, numbers]) => Object.keys(numbers)))];
    const text = (value) =>
      (typeof value === "string" ? value : Number.isFinite(value) ? shown(value, 2) : "–");
    table.replaceChildren(
      tag("tr", {}, tag("td"), ...full.map(([heading]) => tag("th", { scope: "col" }, heading))),
      ...names.map((name) => tag("tr", {}, tag("th", { scope: "row" }, name),
        ...full.map(([, numbers]) => tag("td", {}, text(numbers[name]))))));
    table.hidden = full.length === 0;
  }

  // ---- what a search adds to the plane -------------------------------------------------------

  // The guard's first question, as design.Guard asks it: is the mean distance to the nearest codes
  // at most as large as almost all of them keep among themselves?
  function nearness({ codes, neighbours, limit }) {
    const [xs, ys] = matrix(codes, "the guard's codes");
    return ([x, y]) => {
      const apart = Float64Array.from(xs, (u, i) => Math.hypot(u - x, ys[i] - y)).sort();
      return sum(Array.from(apart.subarray(0, neighbours)), (each) => each) <= limit * neighbours;
    };
  }

  // A map beneath the points: a square for each node of a raster, none where there is no value.
  class Objective {
    constructor({ low, high, values, range, colours }, plane) {
      Object.assign(this, { low, values, counts: [values[0].length, values.length] });
      this.steps = [0, 1].map((axis) => (high[axis] - low[axis]) / (this.counts[axis] - 1));
      const [dx, dy] = this.steps, [least, most] = range;
      const squares = colours.map(() => "");
      values.forEach((row, j) => row.forEach((value, i) => {
        if (value === null) return;
        const share = (value - least) / (most - least || 1);
        const colour = Math.round(Math.min(Math.max(share, 0), 1) * (colours.length - 1));
        squares[colour] +=
          `M${low[0] + (i - 0.5) * dx} ${low[1] + (j - 0.5) * dy}h${dx}v${dy}h${-dx}z`;
      }));
      plane.chart.data.prepend(svg("g", { class: "ae-map" },
        ...squares.map((d, k) => svg("path", { d, fill: colours[k] }))));
      plane.element.classList.add("ae-mapped");
      const bar = tag("span", { class: "ae-bar" });
      bar.style.background = `linear-gradient(to right, ${colours})`;
      plane.pad.after(tag("div", { class: "ae-keys" }, tag("span", {}, "objective: ",
        `≤ ${shown(least, 2)} `, bar, ` ${shown(most, 2)}`)));
    }

    // The value of the nearest node; none beyond the map, or where the map has none.
    at(z) {
      const [i, j] = z.map((value, axis) =>
        Math.round((value - this.low[axis]) / this.steps[axis]));
      return this.values[j]?.[i] ?? NaN;
    }

    get name() {
      return `objective, nearest of ${this.counts.join(" × ")} nodes`;
    }
  }

  // The codes that searches asked for, one after the other.
  class Paths {
    constructor(paths, plane) {
      this.plane = plane;
      this.paths = paths.map(({ name, codes, values }) => {
        const [xs, ys] = matrix(codes, `the path ${name}`);
        return { name, values, codes: Array.from(xs, (x, i) => [x, ys[i]]) };
      });
      // Each is drawn twice, at first broader and white: so it shows on any ground.
      const [line, dots, best] = ["ae-path", "ae-asked", "ae-best"].map((name) =>
        [svg("path", { class: `${name} ae-halo` }), svg("path", { class: name })]);
      Object.assign(this, { line, dots, best });
      plane.chart.data.append(...line, ...dots, ...best);
      this.select = tag("select", {},
        ...paths.map(({ name }, k) => tag("option", { value: k }, name)));
      this.slider = tag("input", { type: "range", min: 1 });
      const button = (text, name, way) => {
        const element = tag("button", { type: "button", "aria-label": name }, text);
        element.addEventListener("click", () => this.show(this.question + way));
        return element;
      };
      this.before = button("‹", "previous question", -1);
      this.next = button("›", "next question", 1);
      this.output = tag("output", { class: "ae-said" });
      this.element = tag("div", { class: "ae-paths" },
        tag("label", {}, "search ", this.select),
        tag("div", {}, this.before, tag("label", {}, "question ", this.slider), this.next),
        this.output);
      this.select.addEventListener("change", () => this.show(1));
      this.slider.addEventListener("input", () => this.show(Number(this.slider.value)));
    }

    // Questions count from 1.
    show(question) {
      const { codes, values } = this.paths[this.select.value];
      this.question = question = Math.min(Math.max(question, 1), codes.length);
      const asked = codes.slice(0, question), known = values.slice(0, question);
      const best = known.reduce((top, value, k) =>
        (value !== null && (top < 0 || value > known[top]) ? k : top), -1);
      const draw = (paths, d) => paths.forEach((path) => path.setAttribute("d", d));
      draw(this.line, `M${asked.map((code) => code.join(" ")).join("L")}`);
      draw(this.dots, asked.map((code) => `M${code.join(" ")}h0`).join(""));
      draw(this.best, best < 0 ? "" : `M${codes[best].join(" ")}h0`);
      Object.assign(this.slider, { max: codes.length, value: question });
      this.slider.setAttribute("aria-valuetext", `${question} of ${codes.length}`);
      this.before.disabled = question === 1;
      this.next.disabled = question === codes.length;
      const text = (value) => (value === null ? "none" : shown(value, 2));
      this.output.value = `Question ${question} of ${codes.length}: ` +
        `value ${text(known[question - 1])}.` +
        (best < 0 ? "" : ` Best so far: ${text(known[best])}, question ${best + 1} (large mark).`);
      this.plane.move(codes[question - 1]);
    }
  }

  // ---- a polygon to drag ---------------------------------------------------------------------

  // Each corner is a button: drag it, or move it with the arrow keys. found(code) is called with
  // the code of the polygon, which the encoder reads off the polygon's field.
  class Polygon {
    constructor({ starts, limit, encoder, proof }, { side, extent }, { element, picture }, found) {
      Object.assign(this, { limit, side, extent, found });
      this.encoder = new Network(encoder);
      this.path = svg("path", { class: "ae-polygon" });
      picture.append(this.path);
      this.handles = tag("div", { role: "application", "aria-roledescription": "polygon",
        "aria-label": "Polygon: arrow keys move the corner that has the focus" });
      element.append(this.handles);
      this.output = tag("output", { class: "ae-said" });
      this.element = tag("div", { class: "ae-starts" }, tag("span", {}, "Start from:"),
        ...Object.entries(starts).map(([name, corners]) => {
          const button = tag("button", { type: "button" }, name);
          button.addEventListener("click", () => this.start(corners));
          return button;
        }), this.output);
      this.corners = Object.values(starts)[0];
      const code = this.encode();
      if (!proof.every((value, k) => Math.abs(value - code[k]) < 1e-2)) {
        throw new Error("its weights do not encode what the notebook encoded");
      }
    }

    start(corners) {
      this.corners = corners.map((corner) => [...corner]);
      this.handles.replaceChildren(...corners.map((_, index) => this.handle(index)));
      this.draw();
    }

    handle(index) {
      const button = tag("button", { type: "button", class: "ae-corner",
        "aria-label": `Corner ${index + 1} of ${this.corners.length}` });
      const { extent } = this;
      const move = (corner) => {
        this.corners[index] = corner.map((value) => Math.min(Math.max(value, -extent), extent));
        this.draw();
      };
      button.addEventListener("pointerdown", (event) => {
        if (event.button === 0) button.setPointerCapture(event.pointerId);
      });
      button.addEventListener("pointermove", (event) => {
        if (!button.hasPointerCapture(event.pointerId)) return;
        const box = this.handles.getBoundingClientRect();
        move([(event.clientX - box.left) / box.width, (box.bottom - event.clientY) / box.height]
          .map((share) => (2 * share - 1) * extent));
      });
      button.addEventListener("keydown", (event) => {
        const way = WAYS[event.key];
        if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault(); // the page stays where it is
        const size = event.shiftKey ? 0.1 : 0.02;
        move(this.corners[index].map((value, axis) => value + size * way[axis]));
      });
      return button;
    }

    draw() {
      const { extent } = this;
      this.path.setAttribute("d", `M${this.corners.map(([x, y]) => `${x} ${-y}`).join("L")}Z`);
      [...this.handles.children].forEach((button, k) => {
        const [x, y] = this.corners[k];
        button.style.left = `${50 * (1 + x / extent)}%`;
        button.style.top = `${50 * (1 - y / extent)}%`;
      });
      this.found(this.encode());
    }

    // The model has seen distances as far as its limit only.
    encode() {
      const { corners, side, extent, limit } = this;
      this.field = distances(corners, side, extent);
      return Array.from(this.encoder.run(
        this.field.map((value) => Math.min(Math.max(value, -limit), limit))));
    }

    // Intersection over union of the polygon and a decoded shape: nodes inside both, over nodes
    // inside either.
    overlap(values) {
      let both = 0, either = 0;
      this.field.forEach((distance, k) => {
        both += distance < 0 && values[k] < 0;
        either += distance < 0 || values[k] < 0;
      });
      return both / either;
    }
  }

  // The signed distance of each node to a polygon. From the start of an edge, go along it as far
  // as you get nearer. A ray to the right crosses the outline an odd number of times from inside.
  function distances(corners, side, extent) {
    const field = new Float32Array(side * side);
    const place = (index) => -extent + (2 * extent * index) / (side - 1);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const x = place(column), y = place(row);
        let square = Infinity, inside = false;
        for (let k = 0; k < corners.length; k++) {
          const [x0, y0] = corners[k], [x1, y1] = corners[(k + 1) % corners.length];
          const dx = x1 - x0, dy = y1 - y0, u = x - x0, v = y - y0;
          const along = (u * dx + v * dy) / Math.max(dx * dx + dy * dy, 1e-300);
          const t = Math.min(Math.max(along, 0), 1);
          square = Math.min(square, (u - t * dx) ** 2 + (v - t * dy) ** 2);
          if ((v >= 0) !== (v >= dy) && (dx * v - dy * u > 0) === (dy > 0)) inside = !inside;
        }
        field[row * side + column] = inside ? -Math.sqrt(square) : Math.sqrt(square);
      }
    }
    return field;
  }

  // ---- the element ---------------------------------------------------------------------------

  class Explorer extends HTMLElement {
    connectedCallback() {
      if (this.network) return; // it has only been moved to another place of the page
      this.querySelector(":scope > .ae-live")?.remove(); // of a copy
      const live = tag("div", { class: "ae-live" });
      this.prepend(live);
      try {
        this.start(JSON.parse(this.dataset.contents), live);
        this.classList.add("ae-on"); // hides the still picture
      } catch (error) {
        live.replaceChildren(tag("p", { role: "alert" },
          `This explorer cannot be shown: ${error.message}. Run the page again to renew it.`));
      }
    }

    start(contents, live) {
      const { alt, sample, plane, decoder, proof, view, note, originals, known, reads } = contents;
      this.sample = sample;
      this.originals = originals && matrix(originals, "the originals");
      this.known = Object.entries(known ?? {});
      this.reads = reads && { ...reads, weights: matrix(reads.weights, "the weights to read by") };
      this.network = new Network(decoder);
      if (!VIEWS[view.kind]) throw new Error(`unknown view: ${view.kind}`);
      this.view = VIEWS[view.kind](view, { sample, originals });
      this.output = tag("output");
      this.table = tag("table");
      this.plane = new Plane(plane, (z) => this.show(z));
      const first = [this.plane.xs[0], this.plane.ys[0]];
      this.check(matrix(proof, "the proof")[0], this.decode(first));
      this.add(contents);
      this.plane.move(first);
      this.paths?.show(1);
      this.polygon?.start(this.polygon.corners);
      build(live, { role: "group", "aria-label": alt }, [this.plane.element,
        tag("div", { class: "ae-result" }, this.view.element, this.polygon?.element ?? "",
          this.table, this.output),
        tag("small", {}, note)]);
    }

    // What not every explorer has.
    add({ view, guard, objective, paths, polygons }) {
      const { plane } = this;
      this.near = guard && nearness(guard);
      this.objective = objective && new Objective(objective, plane);
      this.paths = paths && new Paths(paths, plane);
      if (paths) plane.element.append(this.paths.element);
      if (!polygons) return;
      this.polygon = new Polygon(polygons, view, this.view, (code) => {
        plane.move(code);
        const [x, y] = plane.z.map((_, axis) => plane.text(axis));
        const beyond = plane.z.some((value, axis) => value !== code[axis]);
        this.polygon.output.value = beyond
          ? "Its code lies beyond the plane: the point shows the nearest place in it."
          : `The encoder puts it at z₁ = ${x}, z₂ = ${y}.`;
      });
    }

    // The same numbers must come out here as in the notebook.
    check(expected, found) {
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const agree = expected.length === found.length &&
        expected.every((value, i) => Math.abs(value - found[i]) <= 1e-3 * largest);
      if (!agree) throw new Error("its weights do not decode what the notebook decoded");
    }

    decode(z) {
      return this.network.run(z);
    }

    show(z) {
      const { plane, sample } = this, { index, distance } = plane.nearest(z);
      const values = this.decode(z);
      const decoded = this.view.draw(values, this.originals?.[index]) ?? {};
      this.reads?.names.forEach((name, k) => {
        decoded[name] = this.reads.constants[k] + dot(this.reads.weights[k], values);
      });
      if (this.near) {
        const near = this.near(z), made = decoded["could be made"];
        delete decoded["could be made"];
        decoded["passes the guard"] =
          !near ? "no: too far from the data" : made === "no" ? "no: could not be made" : "yes";
      }
      if (this.objective) decoded[this.objective.name] = this.objective.at(z);
      if (this.polygon) {
        decoded["overlap with the polygon (IoU)"] = shown(this.polygon.overlap(values), 3);
      }
      const known = Object.fromEntries(this.known.map(([name, column]) => [name, column[index]]));
      fill(this.table, { decoded, [`nearest ${sample}`]: known });
      const apart = (length) => shown(length, places(10 * plane.limit));
      const unseen = distance > plane.limit, name = plane.classes?.[plane.labels[index]];
      this.output.classList.toggle("ae-unseen", unseen);
      this.output.value = [
        `z₁ = ${plane.text(0)}, z₂ = ${plane.text(1)}.`,
        ...(unseen ? ["Here the model has seen nothing."] : []),
        `Nearest ${sample}: ${name ? `${name}, ` : ""}${apart(distance)} away.`,
        ...(unseen ? [`99% of them have another one within ${apart(plane.limit)}.`] : []),
      ].join(" ");
    }
  }

  document.head.append(tag("style", {}, `
ae-explorer { display: block; margin: 0.5rem 0; padding: 0.5rem; line-height: 1.4; }
ae-explorer.ae-on > :not(.ae-live) { display: none; }
.ae-on > .ae-live { display: flex; flex-wrap: wrap; gap: 1rem; justify-content: center; }
.ae-live .ae-plane { flex: 1 1 18rem; max-width: 25rem; min-width: 0; }
.ae-live .ae-result { flex: 1 1 18rem; max-width: 25rem; min-width: 0; }
.ae-live .ae-pad { position: relative; cursor: crosshair; border-radius: 0.25rem; }
.ae-live .ae-pad:focus-visible, .ae-live input:focus-visible {
  outline: 3px solid #0173b2; box-shadow: 0 0 0 5px white; }
.ae-live svg { display: block; width: 100%; font-size: 12px; user-select: none; }
.ae-live svg text { fill: currentColor; }
.ae-live .ae-frame { fill: none; stroke: currentColor; stroke-opacity: 0.5;
  vector-effect: non-scaling-stroke; }
.ae-live .ae-near { fill: none; stroke: currentColor; stroke-opacity: 0.12; stroke-linecap: round; }
.ae-live .ae-dots { fill: none; stroke-width: 4; stroke-linecap: round;
  vector-effect: non-scaling-stroke; }
.ae-live svg .ae-class { fill: black; stroke: white; stroke-width: 3; paint-order: stroke;
  text-anchor: middle; font-weight: bold; font-size: 14px; }
.ae-live .ae-handle { position: absolute; width: 44px; height: 44px; margin: -22px;
  border-radius: 50%; cursor: grab; touch-action: none; }
.ae-live .ae-handle::after { content: ""; position: absolute; inset: 13px; border-radius: 50%;
  border: 3px solid black; box-shadow: 0 0 0 2px white, inset 0 0 0 2px white; }
.ae-live label { display: flex; align-items: center; gap: 0.5rem; margin: 0.25rem 0 0; }
.ae-live input { flex: 1; min-width: 0; margin: 0; }
.ae-live .ae-pictures { display: flex; gap: 1rem; }
.ae-live .ae-pictures > div { flex: 1 1 0; max-width: 12rem; }
.ae-live .ae-line, .ae-live .ae-original { fill: none; stroke: #0173b2; stroke-width: 2.5;
  vector-effect: non-scaling-stroke; }
.ae-live .ae-original { stroke: #de8f05; stroke-dasharray: 6 4; }
.ae-live .ae-keys { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.ae-live .ae-keys svg { display: inline-block; width: 2em; margin-right: 0.4em; }
.ae-live .ae-outline { fill: #0173b2; fill-opacity: 0.35; stroke: #0173b2; stroke-width: 2;
  fill-rule: evenodd; vector-effect: non-scaling-stroke; }
.ae-live .ae-housing { fill: none; stroke: currentColor; stroke-width: 2; stroke-dasharray: 6 4;
  vector-effect: non-scaling-stroke; }
.ae-live .ae-map { shape-rendering: crispEdges; }
.ae-live .ae-mapped .ae-frame { fill: white; }
.ae-live .ae-mapped .ae-near { stroke: none; }
.ae-live .ae-mapped .ae-dots { stroke: black; stroke-opacity: 0.3; stroke-width: 2; }
.ae-live .ae-bar { display: inline-block; width: 6em; height: 0.8em; }
.ae-live :is(.ae-path, .ae-asked, .ae-best) { fill: none; stroke: black; stroke-width: 1;
  vector-effect: non-scaling-stroke; }
.ae-live .ae-asked { stroke-width: 5; stroke-linecap: round; }
.ae-live .ae-best { stroke: #d55e00; stroke-width: 10; stroke-linecap: square; }
.ae-live .ae-path { stroke-opacity: 0.7; }
.ae-live .ae-halo { stroke: white; stroke-width: 3; }
.ae-live .ae-asked.ae-halo { stroke-width: 8; }
.ae-live .ae-best.ae-halo { stroke-width: 14; }
.ae-live .ae-paths > div { display: flex; align-items: center; gap: 0.5rem; }
.ae-live .ae-paths label { flex: 1; }
.ae-live .ae-drawing { position: relative; }
.ae-live .ae-polygon { fill: none; stroke: #de8f05; stroke-width: 2.5; stroke-dasharray: 6 4;
  vector-effect: non-scaling-stroke; }
.ae-live .ae-drawing > div { position: absolute; inset: 0; }
.ae-live .ae-corner { position: absolute; width: 32px; height: 32px; margin: -16px; padding: 0;
  border: 0; background: none; border-radius: 50%; cursor: grab; touch-action: none; }
.ae-live .ae-corner::after { content: ""; position: absolute; inset: 8px; border-radius: 50%;
  border: 3px solid #de8f05; background: white; box-shadow: 0 0 0 1px black; }
.ae-live :is(button:not(.ae-corner), select) { min-height: 2rem; padding: 0 0.6rem; }
.ae-live :is(button, select):focus-visible {
  outline: 3px solid #0173b2; box-shadow: 0 0 0 5px white; }
.ae-live .ae-starts { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center;
  margin-top: 0.5rem; }
.ae-live output.ae-said { min-height: 1.4em; flex-basis: 100%; margin: 0; }
.ae-live table { margin: 0.5rem 0 0; border-collapse: collapse; font-size: 1em; }
.ae-live :is(th, td) { padding: 0.1rem 0.8rem 0.1rem 0; text-align: right; font-weight: normal; }
.ae-live th[scope="row"] { text-align: left; }
.ae-live canvas { display: block; width: 100%; image-rendering: pixelated;
  border: 1px solid #888; box-sizing: border-box; }
.ae-live output { display: block; margin-top: 0.5rem; min-height: 4.5em; }
.ae-live .ae-unseen { border-left: 0.25em solid #d55e00; padding-left: 0.6em; }
.ae-live small { flex-basis: 100%; text-align: center; }
`));
  customElements.define("ae-explorer", Explorer);
})();
