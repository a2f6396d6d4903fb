// A live explorer of a latent plane: drag the point, and a decoder that a notebook has trained
// draws what is there. It runs in the reader's browser and asks no server for anything.
//
// From top to bottom: numbers out of text, the network, a chart with two axes, the plane with its
// point, the views of what is decoded, a pad to draw on, and the element <ae-explorer> that puts
// them together; then <ae-film>, the codes after each epoch of a training.
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

  // A last step that makes a large field of a small one: Y = A X Bᵀ. The rows of a smooth field
  // are alike, and so are its columns: few of each suffice.
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
        const ways = {
          ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1],
        };
        const way = ways[event.key];
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
    return { element, picture, draw(values, original) {
      decoded.draw(values);
      nearest?.draw(original);
    } };
  }

  // What a line stands for.
  const key = (name, text) => tag("span", {},
    svg("svg", { viewBox: "0 0 24 6" }, svg("path", { class: name, d: "M0 3h24" })), text);

  function curve({ x, range, axes }, { sample, originals }) {
    const { element: svgElement, data } = chart([x[0], range[0]], [x.at(-1), range[1]], axes);
    const nearest = svg("path", { class: "ae-original" });
    const decoded = svg("path", { class: "ae-line" });
    data.append(nearest, decoded);
    const points = (values) => `M${Array.from(values, (y, i) => `${x[i]} ${y}`).join("L")}`;
    const element = tag("div", {}, svgElement, tag("div", { class: "ae-keys" },
      key("ae-line", "decoded"), originals ? key("ae-original", `nearest ${sample}`) : ""));
    return { element, draw(values, original) {
      decoded.setAttribute("d", points(values));
      if (original) nearest.setAttribute("d", points(original));
    } };
  }

  function outline({ side, extent }) {
    const path = svg("path", { class: "ae-outline" });
    const frame = { x: -extent, y: -extent, width: 2 * extent, height: 2 * extent };
    const element = svg("svg", { viewBox: `${-extent} ${-extent} ${2 * extent} ${2 * extent}`,
      "aria-hidden": "true" }, svg("rect", { ...frame, class: "ae-frame" }), path);
    const place = (index) => -extent + (2 * extent * index) / (side - 1);
    return { element, draw(values) {
      const lines = contours(values, side)
        .map((line) => line.map(([x, y]) => [place(x), place(y)]));
      // In the picture y runs downwards.
      path.setAttribute("d", lines.map((line) =>
        `M${line.map(([x, y]) => `${x} ${-y}`).join("L")}Z`).join(""));
      let area = 0, perimeter = 0;
      for (const line of lines) {
        line.forEach(([x, y], k) => {
          const [u, v] = line[(k + 1) % line.length];
          area += (x * v - u * y) / 2;
          perimeter += Math.hypot(u - x, v - y);
        });
      }
      const whole = lines.length > 0 && !touches(values, side);
      const quotient = perimeter ** 2 / (4 * Math.PI * area);
      return whole ? { area, perimeter, quotient } : { area: NaN, perimeter: NaN, quotient: NaN };
    } };
  }

  const touches = (values, side) => values.some((value, k) => value <= 0 &&
    (k < side || k >= side * (side - 1) || k % side === 0 || k % side === side - 1));

  // The closed lines where a field is zero, by marching squares: each square of four nodes is
  // crossed between corners of different sign. The inside, below zero, lies on the left, so an
  // enclosed area comes out positive, and that of a hole negative. Beyond the field is outside.
  function contours(values, side) {
    const at = (x, y) => (x < 0 || y < 0 || x >= side || y >= side ? 1 : values[y * side + x]);
    const steps = new Map(); // from one crossing to the next; a crossing is named by its edge
    const crossing = (x, y, u, v) => {
      const share = at(x, y) / (at(x, y) - at(u, v)); // linear between the nodes
      return { edge: `${Math.min(x, u)} ${Math.min(y, v)} ${x === u}`,
        point: [x + share * (u - x), y + share * (v - y)] };
    };
    for (let y = -1; y < side; y++) {
      for (let x = -1; x < side; x++) {
        const n = (at(x, y) < 0) + (at(x + 1, y) < 0) + (at(x, y + 1) < 0) + (at(x + 1, y + 1) < 0);
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
    const text = (value) => (Number.isFinite(value) ? shown(value, 2) : "–");
    table.replaceChildren(
      tag("tr", {}, tag("td"), ...full.map(([heading]) => tag("th", { scope: "col" }, heading))),
      ...names.map((name) => tag("tr", {}, tag("th", { scope: "row" }, name),
        ...full.map(([, numbers]) => tag("td", {}, text(numbers[name]))))));
    table.hidden = full.length === 0;
  }

  // ---- a drawing -----------------------------------------------------------------------------

  // Put a picture of n×n values into one of side×side, stretched by these factors, with its corner
  // there. Each value is shared out among the pixels that it comes to cover, by area.
  function placed(values, n, side, scales, corner) {
    const [across, down] = scales.map((scale, axis) => Array.from({ length: n }, (_, k) => {
      const start = corner[axis] + scale * k, end = start + scale, shares = [];
      for (let i = Math.max(0, Math.floor(start)); i < Math.min(end, side); i++) {
        shares.push([i, Math.min(end, i + 1) - Math.max(start, i)]);
      }
      return shares;
    }));
    const picture = new Float32Array(side * side);
    values.forEach((value, k) => {
      if (value === 0) return;
      for (const [i, height] of down[Math.floor(k / n)]) {
        for (const [j, width] of across[k % n]) picture[i * side + j] += value * height * width;
      }
    });
    return picture;
  }

  // The corner and the size of the box around all that is not white.
  function box(values, n) {
    const columns = [], rows = [];
    values.forEach((value, k) => {
      if (value > 0) columns.push(k % n), rows.push(Math.floor(k / n));
    });
    const ends = [columns, rows].map((places) =>
      places.reduce(([low, high], k) => [Math.min(low, k), Math.max(high, k + 1)], [n, 0]));
    return { corner: ends.map(([low]) => low), size: ends.map(([low, high]) => high - low) };
  }

  // How the pictures of two data sets were made of larger ones. aecourse/explorer/drawing.py names
  // the sources.
  const RULES = {
    // Scaled to fit 20×20 pixels; the centre of mass is then moved to the middle of pixel 14.
    mnist(values, n) {
      const { corner, size } = box(values, n), scale = 20 / Math.max(...size);
      const at = (place) => placed(values, n, 28, [scale, scale],
        place.map((pixel, axis) => pixel - scale * corner[axis]));
      const mass = [0, 0, 0];
      at([0, 0]).forEach((value, k) => {
        [k % 28 + 0.5, Math.floor(k / 28) + 0.5, 1].forEach((by, i) => { mass[i] += by * value; });
      });
      return at([0, 1].map((axis) => {
        const most = 28 - Math.ceil(scale * size[axis] - 1e-6); // so that nothing is cut off
        return Math.min(Math.max(Math.round(14.5 - mass[axis] / mass[2]), 0), most);
      }));
    },

    // Stretched to 20×32 pixels of 32×32, black or white; strokes made thicker or thinner; sheared;
    // and counted in blocks of 4×4.
    digits(values, n) {
      const black = (picture) => picture.map((value) => (value < 0.5 ? 0 : 1));
      const bitmap = black(values), { corner, size } = box(bitmap, n);
      const scales = [20 / size[0], 32 / size[1]];
      let picture = black(placed(bitmap, n, 32, scales,
        [6 - scales[0] * corner[0], -scales[1] * corner[1]]));
      const grow = (pick) => {
        picture = picture.map((value, k) => pick(value, picture[k - 32] ?? value,
          picture[k + 32] ?? value, k % 32 ? picture[k - 1] : 0, k % 32 < 31 ? picture[k + 1] : 0));
      };
      const ink = picture.reduce((sum, value) => sum + value, 0);
      for (const limit of [256, 108]) if (ink < limit) grow(Math.max);
      for (const limit of [412, 560]) if (ink > limit) grow(Math.min);
      // The leftmost black pixels near the top and near the bottom shall be one below the other.
      const first = (row) => picture.subarray(32 * row, 32 * (row + 1)).indexOf(1);
      const [top, bottom] = [first(2), first(29)];
      const slope = top < 0 || bottom < 0 ? 0 : (top - bottom) / 27;
      const sheared = picture.map((_, k) => {
        const column = k % 32 - Math.round((Math.floor(k / 32) - 16) * slope);
        return column < 0 || column > 31 ? 0 : picture[k - k % 32 + column];
      });
      return placed(sheared, 32, 8, [1 / 4, 1 / 4], [0, 0]);
    },
  };

  const PEN = 1 / 8; // width, as a share of the size of what is drawn
  const FINE = 160; // pixels a side of a drawing before a rule makes a picture of it

  // Draw strokes, lists of points, with a round pen into the square of this corner and size.
  function ink(context, strokes, [left, top], size, pen) {
    const side = context.canvas.width, scale = side / size;
    context.resetTransform();
    context.clearRect(0, 0, side, side);
    context.setTransform(scale, 0, 0, scale, -scale * left, -scale * top);
    Object.assign(context, { lineWidth: pen, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    for (const [[x, y], ...others] of strokes) {
      context.moveTo(x, y);
      for (const point of [[x + 1e-4, y], ...others]) context.lineTo(...point);
    }
    context.stroke();
  }

  // A pad to draw on. It calls encoded(code) whenever there is something new on it, and without a
  // code when it is cleared.
  class Pad {
    constructor({ rule, encoder, samples }, view, sample, encoded) {
      if (!RULES[rule]) throw new Error(`unknown rule for drawings: ${rule}`);
      Object.assign(this, { fit: RULES[rule], encoded, strokes: [], pen: [0.5, 0.5], next: 0 });
      this.network = new Network(encoder);
      this.samples = matrix(samples, "the samples to draw");
      this.blank = new Float32Array(samples.columns);
      const square = (side, others) => tag("canvas", { width: side, height: side, ...others });
      this.paper = square(2 * FINE, { class: "ae-paper", tabindex: "0", role: "application",
        "aria-roledescription": "drawing pad", "aria-label":
          "Drawing pad: arrow keys move the pen, the space bar puts it down or lifts it" });
      this.context = this.paper.getContext("2d");
      this.fine = square(FINE).getContext("2d", { willReadFrequently: true });
      this.cursor = tag("div", { class: "ae-pen" });
      this.seen = view.picture("as the model sees it");
      const button = (text, pressed) => {
        const element = tag("button", { type: "button" }, text);
        element.addEventListener("click", pressed);
        return element;
      };
      this.element = tag("div", { class: "ae-drawing" },
        tag("div", { class: "ae-pictures" },
          tag("div", {}, tag("div", { class: "ae-sheet" }, this.paper, this.cursor), "draw here"),
          this.seen.element),
        button("clear", () => this.clear()), button(`next ${sample}`, () => this.showSample()));
      this.seen.draw(this.blank);
      this.movePen([0, 0]);
      this.listen();
    }

    listen() {
      const { paper } = this;
      const place = (event) => {
        const bounds = paper.getBoundingClientRect();
        return [(event.clientX - bounds.left) / bounds.width,
          (event.clientY - bounds.top) / bounds.height];
      };
      paper.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || !event.isPrimary) return;
        paper.setPointerCapture(event.pointerId);
        this.begin(place(event));
      });
      paper.addEventListener("pointermove", (event) => {
        if (paper.hasPointerCapture(event.pointerId)) this.draw(place(event));
      });
      paper.addEventListener("keydown", (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        const ways = {
          ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], " ": [0, 0],
        };
        if (!ways[event.key]) return;
        event.preventDefault(); // the page stays where it is
        this.movePen(ways[event.key]);
        if (event.key !== " ") this.down && this.draw(this.pen);
        else if (this.cursor.classList.toggle("ae-down")) this.begin(this.pen);
      });
    }

    get down() {
      return this.cursor.classList.contains("ae-down");
    }

    movePen(way) {
      this.pen = this.pen.map((value, k) => Math.min(Math.max(value + way[k] / 20, 0), 1));
      this.cursor.style.left = `${100 * this.pen[0]}%`;
      this.cursor.style.top = `${100 * this.pen[1]}%`;
    }

    begin(point) {
      this.strokes.push([]);
      this.draw(point);
    }

    draw(point) {
      this.strokes.at(-1).push(point);
      ink(this.context, this.strokes, [0, 0], 1, PEN / 2);
      this.show(this.fit(this.filled(), FINE));
    }

    // The drawing as large as can be, drawn again with a pen of the right width: a small digit has
    // strokes as thick as those of a large one.
    filled() {
      const points = this.strokes.flat();
      const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
      const ends = [xs, ys].map((places) => [Math.min(...places), Math.max(...places)]);
      const size = Math.max(0.02, ...ends.map(([low, high]) => high - low));
      const window = (1 + 2 * PEN) * size;
      const corner = ends.map(([low, high]) => (low + high - window) / 2);
      ink(this.fine, this.strokes, corner, window, PEN * size);
      const { data } = this.fine.getImageData(0, 0, FINE, FINE);
      return Float32Array.from({ length: FINE * FINE }, (_, k) => data[4 * k + 3] / 255);
    }

    show(input) {
      this.input = input;
      this.seen.draw(input);
      this.encoded([...this.network.run(input)]);
    }

    // A sample is shown to the model as it is: it is in the form of the data already.
    showSample() {
      this.clear();
      this.show(this.samples[this.next]);
      this.next = (this.next + 1) % this.samples.length;
      this.context.resetTransform();
      this.context.imageSmoothingEnabled = false;
      const { width } = this.paper;
      this.context.drawImage(this.seen.element.querySelector("canvas"), 0, 0, width, width);
    }

    clear() {
      this.strokes = [];
      this.cursor.classList.remove("ae-down");
      ink(this.context, [], [0, 0], 1, PEN);
      this.seen.draw((this.input = this.blank));
      this.encoded();
    }
  }

  // ---- the elements --------------------------------------------------------------------------

  class Live extends HTMLElement {
    connectedCallback() {
      if (this.started) return; // it has only been moved to another place of the page
      this.started = true;
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

    // The same numbers must come out here as in the notebook.
    check(expected, found, verb) {
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const agree = expected.length === found.length &&
        expected.every((value, i) => Math.abs(value - found[i]) <= 1e-3 * largest);
      if (!agree) throw new Error(`its weights do not ${verb} what the notebook ${verb}d`);
    }
  }

  class Explorer extends Live {
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
      this.check(matrix(proof, "the proof")[0], this.decode(first), "decode");
      this.plane.move(first);
      const { drawing } = contents;
      if (drawing) {
        this.pad = new Pad(drawing, this.view, sample, (code) => this.encoded(code));
        const found = this.pad.network.run(this.pad.samples[0]);
        this.check(matrix(drawing.proof, "the proof of the encoder")[0], found, "encode");
      }
      build(live, { role: "group", "aria-label": alt }, [this.plane.element,
        tag("div", { class: "ae-result" },
          this.pad?.element ?? "", this.view.element, this.table, this.output),
        tag("small", {}, note)]);
    }

    decode(z) {
      return this.network.run(z);
    }

    // Put the point where the pad's picture is encoded; the plane may end before that.
    encoded(code) {
      this.plane.move(code ?? this.plane.z);
      if (!code) return; // the pad is empty
      const beyond = code.some((value, k) => value !== this.plane.z[k]);
      const where = beyond ? ", beyond the edge of the plane" : "";
      this.output.value = `Encoded from the pad${where}: ${this.output.value}`;
    }

    show(z) {
      const { plane, sample } = this, { index, distance } = plane.nearest(z);
      const values = this.decode(z);
      const decoded = this.view.draw(values, this.originals?.[index]) ?? {};
      this.reads?.names.forEach((name, k) => {
        decoded[name] = this.reads.constants[k] + dot(this.reads.weights[k], values);
      });
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

  // The codes of the same samples after each epoch of a training, and its loss.
  class Film extends Live {
    start({ alt, low, high, codes, labels, classes, colours, train, heldOut, note }, live) {
      const rows = matrix(codes, "the codes");
      this.epochs = Array.from({ length: rows.length / 2 }, (_, k) => rows.slice(2 * k, 2 * k + 2));
      Object.assign(this, { labels, train, heldOut });
      const last = this.epochs.length - 1;
      this.plane = chart(low, high, ["z₁", "z₂"]);
      this.dots = colours.map((stroke) => svg("path", { class: "ae-dots", stroke }));
      this.names = classes.map((name) => svg("text", { class: "ae-class" }, name));
      this.plane.data.append(...this.dots);
      this.plane.element.append(...this.names);

      const top = 1.05 * Math.max(...train, ...heldOut);
      this.loss = chart([0, 0], [1.03 * last, top], ["epoch", "loss"]);
      const line = (values) => `M${values.map((loss, k) => `${k + 1} ${loss}`).join("L")}`;
      this.mark = svg("path", { class: "ae-mark" });
      this.loss.data.append(this.mark, svg("path", { class: "ae-original", d: line(train) }),
        heldOut.length ? svg("path", { class: "ae-line", d: line(heldOut) }) : "");

      this.slider = tag("input", { type: "range", min: 0, max: last });
      this.button = tag("button", { type: "button" });
      this.output = tag("output");
      this.slider.addEventListener("input", () => {
        this.pause();
        this.show(Number(this.slider.value));
      });
      this.button.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
      build(live, { role: "group", "aria-label": alt }, [
        tag("div", { class: "ae-plane" }, this.plane.element),
        tag("div", { class: "ae-result" }, this.loss.element, tag("div", { class: "ae-keys" },
          key("ae-original", "training"), heldOut.length ? key("ae-line", "held out") : "")),
        tag("div", { class: "ae-controls" }, this.button,
          tag("label", {}, "epoch ", this.slider), this.output),
        tag("small", {}, note)]);
      this.pause();
      this.show(last);
    }

    show(epoch) {
      const [xs, ys] = this.epochs[epoch], { across, up } = this.plane;
      this.dots.forEach((dots, k) => {
        const own = Array.from(xs.keys()).filter((i) => this.labels[i] === k);
        dots.setAttribute("d", own.map((i) => `M${xs[i]} ${ys[i]}h0`).join(""));
        const median = (values) =>
          own.map((i) => values[i]).sort((a, b) => a - b)[Math.floor(own.length / 2)];
        build(this.names[k], { x: across(median(xs)), y: up(median(ys)) + 5 }, []);
      });
      this.mark.setAttribute("d", `M${epoch} 0V1e6`);
      this.epoch = this.slider.value = epoch;
      const loss = (values) => shown(values[epoch - 1], 2);
      this.output.value = epoch === 0 ? "Before training."
        : `Epoch ${epoch}: loss ${loss(this.train)}` +
          (this.heldOut.length ? `, held out ${loss(this.heldOut)}.` : ".");
    }

    // An epoch is a jump, not a glide; whoever asks for less motion gets one a second.
    play() {
      const last = this.epochs.length - 1;
      const slow = matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (this.epoch === last) this.show(0);
      this.button.textContent = "pause";
      this.timer = setInterval(() => {
        this.show(this.epoch + 1);
        if (this.epoch === last) this.pause();
      }, slow ? 1000 : 150);
    }

    pause() {
      clearInterval(this.timer);
      this.timer = undefined;
      this.button.textContent = "play";
    }

    disconnectedCallback() {
      if (this.timer) this.pause();
    }
  }

  document.head.append(tag("style", {}, `
:is(ae-explorer, ae-film) { display: block; margin: 0.5rem 0; padding: 0.5rem; line-height: 1.4; }
:is(ae-explorer, ae-film).ae-on > :not(.ae-live) { display: none; }
.ae-on > .ae-live { display: flex; flex-wrap: wrap; gap: 1rem; justify-content: center; }
.ae-live .ae-plane { flex: 1 1 18rem; max-width: 25rem; min-width: 0; }
.ae-live .ae-result { flex: 1 1 18rem; max-width: 25rem; min-width: 0; }
.ae-live .ae-pad { position: relative; cursor: crosshair; border-radius: 0.25rem; }
.ae-live :is(.ae-pad, .ae-paper, button, input):focus-visible {
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
.ae-live .ae-drawing { margin-bottom: 0.75rem; }
.ae-live .ae-drawing ~ .ae-pictures > div { max-width: min(12rem, 50% - 0.5rem); }
.ae-live .ae-sheet { position: relative; }
.ae-live .ae-paper { touch-action: none; cursor: crosshair; background: white; }
.ae-live .ae-pen { position: absolute; display: none; width: 1rem; height: 1rem; margin: -0.5rem;
  border: 3px solid #d55e00; border-radius: 50%; box-sizing: border-box; pointer-events: none; }
.ae-live .ae-paper:focus-visible + .ae-pen { display: block; }
.ae-live .ae-pen.ae-down { background: #d55e00; }
.ae-live button { min-height: 2rem; margin: 0.5rem 0.5rem 0 0; padding: 0 0.8rem; font: inherit;
  color: inherit; background: none; border: 1px solid; border-radius: 0.25rem; cursor: pointer; }
.ae-live .ae-controls { flex: 1 1 100%; max-width: 51rem; }
.ae-live .ae-controls output { min-height: 1.5em; }
.ae-live .ae-mark { fill: none; stroke: currentColor; stroke-width: 1.5;
  vector-effect: non-scaling-stroke; }
.ae-live .ae-line, .ae-live .ae-original { fill: none; stroke: #0173b2; stroke-width: 2.5;
  vector-effect: non-scaling-stroke; }
.ae-live .ae-original { stroke: #de8f05; stroke-dasharray: 6 4; }
.ae-live .ae-keys { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.ae-live .ae-keys svg { display: inline-block; width: 2em; margin-right: 0.4em; }
.ae-live .ae-outline { fill: #0173b2; fill-opacity: 0.35; stroke: #0173b2; stroke-width: 2;
  fill-rule: evenodd; vector-effect: non-scaling-stroke; }
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
  customElements.define("ae-film", Film);
})();
