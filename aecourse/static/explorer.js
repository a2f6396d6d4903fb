// A live explorer of a latent plane: drag the point, and a decoder that a notebook has trained
// draws what is there. It runs in the reader's browser and asks no server for anything.
//
// From top to bottom: numbers out of text, the network, a chart with two axes, the plane with its
// point, the views of what is decoded, the choice of a class, what a search adds, a polygon to
// drag, a pad to draw on, and the element <ae-explorer> that puts them together; then <ae-film>,
// the codes after each epoch of a training.
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

  // Pictures are kept as greys from 0 to 15, two to a byte.
  function pictures({ rows, columns, greys }, [white, black], name) {
    const bytes = numbers(greys, Uint8Array, Math.ceil((rows * columns) / 2), name);
    const value = (i) => white + ((black - white) * ((bytes[i >> 1] >> (4 * (i % 2))) & 15)) / 15;
    return Array.from({ length: rows }, (_, row) =>
      Float32Array.from({ length: columns }, (_, column) => value(row * columns + column)));
  }

  // ---- the network ---------------------------------------------------------------------------

  const ACTIVATIONS = {
    none: () => (y) => y,
    relu: (slope) => (y) => (y > 0 ? y : slope * y),
    silu: () => (y) => y / (1 + Math.exp(-y)),
    tanh: () => Math.tanh,
    sigmoid: () => (y) => 1 / (1 + Math.exp(-y)),
  };

  function activate({ activation, slope }, name) {
    const act = ACTIVATIONS[activation]?.(slope);
    if (!act) throw new Error(`unknown activation in ${name}: ${activation}`);
    return act;
  }

  // A dense layer: y = activation(W x + b). W is a list of rows.
  const layer = (rows, offset, act, name) => (x) => {
    if (rows[0].length !== x.length) {
      throw new Error(`expected ${rows[0].length} numbers into ${name}, got ${x.length}`);
    }
    const y = new Float32Array(rows.length);
    for (let i = 0; i < y.length; i++) y[i] = act(offset[i] + dot(rows[i], x));
    return y;
  };

  function dense({ weights, bias, ...by }, name) {
    const rows = matrix(weights, name);
    const offset = numbers(bias, Float32Array, rows.length, `the bias of ${name}`);
    return layer(rows, offset, activate(by, name), name);
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

  // A transposed convolution. Each number of a small picture is multiplied by a kernel, and the
  // products are added up in a larger picture, one stride farther on for the next number. What
  // falls outside is cut off: the padding moves all up and to the left. Small pictures (channels)
  // lie one behind the other; each has a kernel of its own for each large one.
  function transposed({ weights, bias, kernel, stride, padding, side, sideOut, ...by }, name) {
    const act = activate(by, name), kernels = matrix(weights, name);
    const area = side ** 2, areaOut = sideOut ** 2, window = kernel ** 2;
    const offset = numbers(bias, Float32Array, weights.columns / window, `the bias of ${name}`);
    return (x) => {
      if (kernels.length * area !== x.length) {
        throw new Error(`expected ${kernels.length * area} numbers into ${name}, got ${x.length}`);
      }
      const y = new Float32Array(offset.length * areaOut);
      offset.forEach((value, channel) => y.fill(value, channel * areaOut, (channel + 1) * areaOut));
      for (let i = 0; i < x.length; i++) {
        const weight = kernels[Math.floor(i / area)];
        const top = Math.floor((i % area) / side) * stride - padding;
        const left = (i % side) * stride - padding;
        for (let row = Math.max(0, -top); row < kernel && top + row < sideOut; row++) {
          for (let column = Math.max(0, -left); column < kernel && left + column < sideOut; column++) {
            const from = row * kernel + column, to = (top + row) * sideOut + left + column;
            for (let k = 0; k < offset.length; k++) {
              y[k * areaOut + to] += x[i] * weight[k * window + from];
            }
          }
        }
      }
      return y.map(act);
    };
  }

  // The layers, one after the other.
  class Network {
    constructor(layers) {
      this.steps = layers.map((layer, index) =>
        (layer.left ? sides : layer.kernel ? transposed : dense)(layer, `layer ${index + 1}`));
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

  // The middle one of some of the values: where the name of a class stands.
  const median = (indices, values) =>
    indices.map((i) => values[i]).sort((a, b) => a - b)[Math.floor(indices.length / 2)];

  // Two axes and, in units of the data, the group that things are drawn into. Lines and letters
  // take the colour of the text around them: so they suit a light page and a dark one.
  const SIDE = 320, LEFT = 46, BELOW = 36, EDGE = 12;

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
  const NAMES = ["z₁", "z₂", "z₃", "z₄", "z₅", "z₆", "z₇", "z₈"]; // of the numbers of a code
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

  // The first two numbers of a code span it, each other one has a slider only. It calls moved(z)
  // whenever the reader has put the point elsewhere. Where a class is chosen, its points count.
  class Plane {
    constructor({ labels, classes, colours, chosen, names = NAMES, ...places }, moved) {
      Object.assign(this, { labels, classes, colours, chosen, names, moved });
      this.handle = tag("div", { class: "ae-handle" });
      this.pad = tag("div", { class: "ae-pad", tabindex: "0", role: "application",
        "aria-roledescription": "plane", "aria-label": "Latent plane: arrow keys move the point" },
      this.handle);
      this.place(places);
      this.sliders = this.low.map(() => tag("input", { type: "range", min: 0, max: STEPS }));
      this.element = tag("div", { class: "ae-plane" }, this.pad,
        ...this.sliders.map((slider, axis) => tag("label", {}, `${names[axis]} `, slider)));
      this.listen();
    }

    // Draw the points, and the axes from low to high; what was drawn before goes.
    place({ low, high, columns, limit }) {
      Object.assign(this, { low, high, columns, limit, cut: undefined });
      [this.xs, this.ys] = columns;
      this.chart?.element.remove();
      this.chart = chart(low, high, this.names);
      this.pad.prepend(this.chart.element);
      this.drawPoints();
      this.choose(this.chosen);
    }

    // A dot is a line of no length with round ends.
    drawPoints() {
      const { xs, ys, labels, classes, colours, chosen } = this;
      const { data, element, across, up } = this.chart;
      const dots = (indices) => indices.map((i) => `M${xs[i]} ${ys[i]}h0`).join("");
      const all = Array.from(xs.keys());
      data.append(this.near = svg("path", { class: "ae-near" }));
      this.dots = colours.map((colour, k) => {
        const own = labels ? all.filter((i) => labels[i] === k) : all;
        const path = svg("path", { class: "ae-dots", d: dots(own), stroke: colour });
        data.append(path);
        if (!classes || chosen !== undefined) return path;
        const [x, y] = [xs, ys].map((values) => median(own, values));
        element.append(svg("text", { class: "ae-class", x: across(x), y: up(y) + 5 }, classes[k]));
        return path;
      });
    }

    // The points of one class come to the top, or, with none to choose, those of all count.
    choose(chosen) {
      this.chosen = chosen;
      this.own = Array.from(this.xs.keys()).filter((i) =>
        chosen === undefined || this.labels[i] === chosen);
      if (chosen === undefined) return;
      this.dots.forEach((path, k) => path.classList.toggle("ae-others", k !== chosen));
      this.chart.data.append(this.dots[chosen]);
    }

    // Discs as wide as points usually are apart lie under the dots: where the plane is not grey,
    // the model has seen nothing. A point that lies off the plane, for its other numbers are not
    // those of the sliders, is the middle of a ball, which the plane cuts in a smaller disc.
    shade() {
      const cut = `${this.chosen} ${this.z.slice(2)}`;
      if (cut === this.cut) return; // the point has moved within the plane
      this.cut = cut;
      const { xs, ys, limit } = this;
      this.near.setAttribute("d", this.own.map((i) => {
        const radius = Math.sqrt(limit ** 2 - this.square(i, this.z, 2));
        return radius > 0 ? `M${xs[i] - radius} ${ys[i]}a${radius} ${radius} 0 1 0 ${2 * radius} 0` +
          `a${radius} ${radius} 0 1 0 ${-2 * radius} 0` : "";
      }).join(""));
    }

    listen() {
      const { pad, sliders } = this;
      const follow = (event) => {
        const box = pad.getBoundingClientRect();
        const x = ((event.clientX - box.left) / box.width) * SIDE;
        const y = ((event.clientY - box.top) / box.height) * SIDE;
        const { across, up } = this.chart;
        const z = [x, y].map((pixel, axis) => {
          const [from, to] = [this.low[axis], this.high[axis]].map(axis ? up : across);
          return this.low[axis] + ((pixel - from) / (to - from)) * this.span(axis);
        });
        this.move([...z, ...this.z.slice(2)]);
      };
      // A finger drags the point itself; elsewhere it scrolls the page, and a tap moves the point.
      pad.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        if (event.pointerType === "touch" && event.target !== this.handle) return;
        pad.setPointerCapture(event.pointerId);
        this.held = true;
        follow(event);
      });
      pad.addEventListener("lostpointercapture", () => (this.held = false));
      pad.addEventListener("pointermove", (event) => {
        if (pad.hasPointerCapture(event.pointerId)) follow(event);
      });
      pad.addEventListener("click", follow);
      pad.addEventListener("keydown", (event) => {
        const way = WAYS[event.key];
        if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault(); // the page stays where it is
        const size = event.shiftKey ? 0.1 : 0.02; // of the plane
        this.move(this.z.map((value, axis) => value + (way[axis] ?? 0) * size * this.span(axis)));
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
      this.shade();
      this.moved(this.z);
    }

    // Square of the distance to a point, from one of its numbers on.
    square(i, z, first = 0) {
      let sum = 0;
      for (let k = first; k < z.length; k++) sum += (this.columns[k][i] - z[k]) ** 2;
      return sum;
    }

    nearest(z) {
      let found = 0, least = Infinity;
      for (const i of this.own) {
        const square = this.square(i, z);
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

  function picture({ height, width, range: [white, black] }, ...caption) {
    const canvas = tag("canvas", { width, height, "aria-hidden": "true" });
    const element = tag("div", {}, canvas, ...caption);
    const draw = (values) => {
      const pixels = new ImageData(width, height);
      values.forEach((value, i) => {
        const grey = 255 * (1 - (value - white) / (black - white)); // the array cuts it off
        pixels.data.set([grey, grey, grey, 255], 4 * i);
      });
      canvas.getContext("2d").putImageData(pixels, 0, 0);
    };
    return { element, draw };
  }

  function image(view, { sample, originals }) {
    const decoded = picture(view, "decoded");
    const nearest = originals && picture(view, `nearest ${sample}`);
    const element = tag("div", { class: "ae-pictures" }, decoded.element, nearest?.element ?? "");
    return { element, picture: (caption) => picture(view, caption), draw(values, original) {
      decoded.draw(values);
      nearest?.draw(original);
    } };
  }

  // What a line stands for.
  const key = (name, text) => tag("span", {},
    svg("svg", { viewBox: "0 0 24 6" }, svg("path", { class: name, d: "M0 3h24" })), text);

  function curve({ x, range, axes, logarithms }, { sample, originals }) {
    const { element: svgElement, data } = chart([x[0], range[0]], [x.at(-1), range[1]], axes);
    const nearest = svg("path", { class: "ae-original" });
    const decoded = svg("path", { class: "ae-line" });
    data.append(nearest, decoded);
    const height = (y) => (logarithms ? Math.exp(y) : y);
    const points = (values) => `M${Array.from(values, (y, i) => `${x[i]} ${height(y)}`).join("L")}`;
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
    const element = tag("div", { class: "ae-shape" }, picture);
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

  // ---- the choice of a class -----------------------------------------------------------------

  // A picture of the same code as each class; one class is chosen. Radio buttons answer to the
  // arrow keys, and belong together by a name that no other choice on the page has.
  class Choice {
    constructor(view, sample, classes, chosen, changed) {
      const name = `ae-choice-${(Choice.count = (Choice.count ?? 0) + 1)}`;
      this.radios = classes.map(() => tag("input", { type: "radio", name }));
      this.radios[chosen].checked = true;
      this.pictures = classes.map((label, k) => picture(view, this.radios[k], label));
      this.radios.forEach((radio, k) => radio.addEventListener("change", () => changed(k)));
      this.element = tag("fieldset", { class: "ae-choice" },
        tag("legend", {}, `the same code as each ${sample}: choose one`),
        ...this.pictures.map(({ element }) => tag("label", {}, element)));
    }

    draw(values) {
      this.pictures.forEach((picture, k) => picture.draw(values[k]));
    }
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
    constructor({ starts, limit, encoder }, { side, extent }, { element, picture }, found) {
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
      this.originals = originals && (originals.greys
        ? pictures(originals, view.range, "the originals") : matrix(originals, "the originals"));
      this.known = Object.entries(known ?? {});
      this.reads = reads && { ...reads, weights: matrix(reads.weights, "the weights to read by") };
      this.network = new Network(decoder);
      if (!VIEWS[view.kind]) throw new Error(`unknown view: ${view.kind}`);
      this.view = VIEWS[view.kind](view, { sample, originals });
      this.output = tag("output");
      this.table = tag("table");
      const points = matrix(plane.points, "the points");
      this.plane = new Plane({ ...plane, columns: points }, (z) => this.show(z));
      const { columns, classes, chosen } = this.plane;
      this.choice = chosen !== undefined && new Choice(view, sample, classes, chosen, (k) => {
        this.plane.choose(k);
        this.plane.move(this.plane.z);
      });
      const first = columns.map((column) => column[0]);
      this.check(matrix(proof, "the proof")[0], this.decode(first), "decode");
      this.add(contents);
      this.plane.move(first);
      this.paths?.show(1);
      this.polygon?.start(this.polygon.corners);
      build(live, { role: "group", "aria-label": alt }, [this.plane.element,
        tag("div", { class: "ae-result" },
          ...[this.pad, this.view, this.choice, this.polygon].map((part) => part?.element ?? ""),
          this.table, this.output),
        tag("small", {}, note)]);
    }

    // What not every explorer has.
    add({ view, sample, guard, objective, paths, polygons, drawing }) {
      const { plane } = this;
      if (drawing) {
        this.pad = new Pad(drawing, this.view, sample, (code) => this.encoded(code));
        const found = this.pad.network.run(this.pad.samples[0]);
        this.check(matrix(drawing.proof, "the proof of the encoder")[0], found, "encode");
      }
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
      this.check(polygons.proof, this.polygon.encode(), "encode");
    }

    // Where a class is chosen, it follows the code: as a 1 in its place, and a 0 for each other.
    decode(z, chosen = this.plane.chosen) {
      const label = chosen === undefined ? [] :
        this.plane.classes.map((_, k) => Number(k === chosen));
      return this.network.run([...z, ...label]);
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
      const each = this.choice && plane.classes.map((_, k) => this.decode(z, k));
      const values = each ? each[plane.chosen] : this.decode(z);
      if (each) this.choice.draw(each);
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
        ...(this.choice ? [`Decoded as ${plane.classes[plane.chosen]}.`] : []),
        `${z.map((_, axis) => `${NAMES[axis]} = ${plane.text(axis)}`).join(", ")}.`,
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
        const [x, y] = [xs, ys].map((values) => median(own, values));
        build(this.names[k], { x: across(x), y: up(y) + 5 }, []);
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
.ae-live :is(.ae-pad, .ae-paper, button, input, select):focus-visible {
  outline: 3px solid #0173b2; box-shadow: 0 0 0 5px white; }
.ae-live svg { display: block; width: 100%; font-size: 12px; user-select: none; }
.ae-live svg text { fill: currentColor; }
.ae-live .ae-frame { fill: none; stroke: currentColor; stroke-opacity: 0.5;
  vector-effect: non-scaling-stroke; }
.ae-live .ae-near { fill: currentColor; fill-opacity: 0.12; }
.ae-live .ae-dots { fill: none; stroke-width: 4; stroke-linecap: round;
  vector-effect: non-scaling-stroke; }
.ae-live .ae-others { stroke: currentColor; stroke-opacity: 0.35; stroke-width: 2; }
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
.ae-live .ae-choice { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr));
  gap: 0.4rem; margin: 0.5rem 0 0; padding: 0; border: 0; }
.ae-live .ae-choice legend { float: none; margin: 0; padding: 0; font-size: 1em; }
.ae-live .ae-choice label { display: block; margin: 0; padding: 3px; text-align: center;
  border: 3px solid transparent; border-radius: 0.25rem; cursor: pointer; }
.ae-live .ae-choice label:has(:checked) { border-color: currentColor; }
.ae-live .ae-choice input { margin-right: 0.6em; }
.ae-live .ae-drawing { margin-bottom: 0.75rem; }
.ae-live .ae-drawing ~ .ae-pictures > div { max-width: min(12rem, 50% - 0.5rem); }
.ae-live .ae-sheet { position: relative; }
.ae-live .ae-paper { touch-action: none; cursor: crosshair; background: white; }
.ae-live .ae-pen { position: absolute; display: none; width: 1rem; height: 1rem; margin: -0.5rem;
  border: 3px solid #d55e00; border-radius: 50%; box-sizing: border-box; pointer-events: none; }
.ae-live .ae-paper:focus-visible + .ae-pen { display: block; }
.ae-live .ae-pen.ae-down { background: #d55e00; }
.ae-live :is(button, select) { min-height: 2rem; padding: 0 0.6rem; }
.ae-live button { font: inherit; color: inherit; background: none; border: 1px solid;
  border-radius: 0.25rem; cursor: pointer; }
.ae-live :is(.ae-drawing, .ae-controls) button { margin: 0.5rem 0.5rem 0 0; }
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
.ae-live .ae-shape { position: relative; }
.ae-live .ae-polygon { fill: none; stroke: #de8f05; stroke-width: 2.5; stroke-dasharray: 6 4;
  vector-effect: non-scaling-stroke; }
.ae-live .ae-shape > div { position: absolute; inset: 0; }
.ae-live .ae-corner { position: absolute; width: 32px; height: 32px; margin: -16px; padding: 0;
  border: 0; background: none; border-radius: 50%; cursor: grab; touch-action: none; }
.ae-live .ae-corner::after { content: ""; position: absolute; inset: 8px; border-radius: 50%;
  border: 3px solid #de8f05; background: white; box-shadow: 0 0 0 1px black; }
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
  // playground.js builds with the same parts.
  Explorer.parts =
    { ACTIVATIONS, Live, NAMES, Plane, VIEWS, chart, dot, fill, key, layer, picture, shown, svg, tag };
  customElements.define("ae-explorer", Explorer);
  customElements.define("ae-film", Film);
})();
