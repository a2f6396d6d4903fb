// A live explorer of a latent plane: drag the point, and a decoder that a notebook has trained
// draws what is there. It runs in the reader's browser and asks no server for anything.
//
// From top to bottom: numbers out of text, the network, a chart with two axes, the plane with its
// point, the views of what is decoded, and the element <ae-explorer> that puts them together.
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

  // Dense layers, one after the other: y = activation(W x + b).
  class Network {
    constructor(layers) {
      this.layers = layers.map((layer, index) => {
        const name = `layer ${index + 1}`;
        const activation = ACTIVATIONS[layer.activation]?.(layer.slope);
        if (!activation) throw new Error(`unknown activation in ${name}: ${layer.activation}`);
        const bias = numbers(layer.bias, Float32Array, layer.rows, `the bias of ${name}`);
        return { weights: matrix(layer, name), bias, activation };
      });
    }

    run(x) {
      for (const { weights, bias, activation } of this.layers) {
        const y = new Float32Array(weights.length);
        for (let i = 0; i < y.length; i++) {
          const row = weights[i];
          if (row.length !== x.length) {
            throw new Error(`expected ${row.length} numbers to go on with, got ${x.length}`);
          }
          let sum = bias[i];
          for (let j = 0; j < row.length; j++) sum += row[j] * x[j];
          y[i] = activation(sum);
        }
        x = y;
      }
      return x;
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

  // −1.5, with a true minus and as many digits as tell a hundredth of the size.
  const places = (size) => Math.max(0, 2 - Math.floor(Math.log10(size)));
  const shown = (value, digits) => value.toFixed(digits).replace("-", "−");

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
  const SIDE = 320, LEFT = 40, BELOW = 36, EDGE = 6;

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
        const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
        if (!step[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault(); // the page stays where it is
        const size = event.shiftKey ? 0.1 : 0.02; // of the plane
        this.move(this.z.map((value, axis) => value + step[event.key][axis] * size * this.span(axis)));
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
  // A view is made once, from what the notebook says about it. It has an element, and draws the
  // decoded values, with those of the nearest sample beside them where the page holds these.

  const VIEWS = {
    image({ height, width, range: [white, black] }, { sample, originals }) {
      const picture = (caption) => {
        const canvas = tag("canvas", { width, height, "aria-hidden": "true" });
        const figure = tag("figure", {}, canvas, tag("figcaption", {}, caption));
        const draw = (values) => {
          const pixels = new ImageData(width, height);
          values.forEach((value, i) => {
            const grey = 255 * (1 - (value - white) / (black - white)); // clamped by the array
            pixels.data.set([grey, grey, grey, 255], 4 * i);
          });
          canvas.getContext("2d").putImageData(pixels, 0, 0);
        };
        return { figure, draw };
      };
      const decoded = picture("decoded"), original = originals && picture(`nearest ${sample}`);
      return {
        element: tag("div", { class: "ae-pictures" },
          decoded.figure, ...(original ? [original.figure] : [])),
        draw(values, nearest) {
          decoded.draw(values);
          original?.draw(originals[nearest.index]);
        },
      };
    },
  };

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

    start({ alt, sample, plane, decoder, proof, view, note }, live) {
      const originals = view.originals && matrix(view.originals, "the originals");
      this.network = new Network(decoder);
      this.view = VIEWS[view.kind](view, { sample, originals });
      this.output = tag("output", {});
      this.sample = sample;
      this.plane = new Plane(plane, (z) => this.show(z));
      this.check(proof);
      build(live, { role: "group", "aria-label": alt }, [this.plane.element,
        tag("div", { class: "ae-result" }, this.view.element, this.output),
        tag("small", {}, note)]);
      this.plane.move([this.plane.xs[0], this.plane.ys[0]]);
    }

    // The same numbers must come out here as in the notebook: at the first point, say.
    check({ values }) {
      const [expected] = matrix(values, "the proof");
      const found = this.decode([this.plane.xs[0], this.plane.ys[0]]);
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const agree = expected.length === found.length &&
        expected.every((value, i) => Math.abs(value - found[i]) <= 1e-3 * largest);
      if (!agree) throw new Error("its weights do not decode what the notebook decoded");
    }

    decode(z) {
      return this.network.run(z);
    }

    show(z) {
      const { plane, sample } = this, nearest = plane.nearest(z), { index, distance } = nearest;
      this.view.draw(this.decode(z), nearest);
      const apart = (length) => shown(length, places(plane.limit));
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
ae-explorer { display: block; margin: 1rem 0; line-height: 1.4; }
ae-explorer.ae-on > :not(.ae-live) { display: none; }
.ae-on > .ae-live { display: flex; flex-wrap: wrap; gap: 1rem; justify-content: center; }
.ae-live .ae-plane { flex: 1 1 18rem; max-width: 25rem; min-width: 0; }
.ae-live .ae-result { flex: 1 1 12rem; max-width: 18rem; min-width: 0; }
.ae-live .ae-pad { position: relative; cursor: crosshair; border-radius: 0.25rem; }
.ae-live .ae-pad:focus-visible, .ae-live input:focus-visible {
  outline: 3px solid #0173b2; box-shadow: 0 0 0 5px white; }
.ae-live svg { display: block; width: 100%; font-size: 12px; user-select: none; }
.ae-live svg text { fill: currentColor; }
.ae-live .ae-frame { fill: none; stroke: currentColor; stroke-opacity: 0.5; }
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
.ae-live figure { flex: 1 1 0; max-width: 12rem; margin: 0 0 0.5rem; }
.ae-live figcaption { font-size: 0.9em; }
.ae-live canvas { display: block; width: 100%; image-rendering: pixelated;
  border: 1px solid #888; box-sizing: border-box; }
.ae-live output { display: block; min-height: 6em; }
.ae-live .ae-unseen { border-left: 0.25em solid #d55e00; padding-left: 0.6em; }
.ae-live small { flex-basis: 100%; text-align: center; }
`));
  customElements.define("ae-explorer", Explorer);
})();
