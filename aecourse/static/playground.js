// A playground: the reader turns the knobs of an autoencoder, and trainer.js trains it beside the
// page, in a worker. What a report of it holds is drawn with the parts of explorer.js.
//
// From top to bottom: samples out of text, the axes and directions of a plane that moves, clouds,
// many small pictures, the curve of the loss, and the element <ae-playground>.
(() => {
  "use strict";
  if (customElements.get("ae-playground")) return;
  const { ACTIVATIONS, Live, NAMES, Plane, VIEWS, chart, dot, fill, key, layer, picture, shown, svg,
    tag } = customElements.get("ae-explorer").parts;

  // ---- samples out of text -------------------------------------------------------------------

  // Whole numbers, compressed by Python's zlib; what one of them is worth is the scale.
  async function samples({ deflated, bytes, scale }) {
    const packed = Uint8Array.from(atob(deflated), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const buffer = await new Response(stream).arrayBuffer();
    return Float32Array.from(new (bytes === 1 ? Int8Array : Int16Array)(buffer), (q) => q * scale);
  }

  const rows = (values, length) => Array.from({ length: values.length / length }, (_, k) =>
    values.subarray(k * length, (k + 1) * length));

  // ---- a plane that moves --------------------------------------------------------------------

  const quantile = (sorted, share) => sorted[Math.round(share * (sorted.length - 1))];

  // Ends of an axis: 98 % of the values and a margin, and not closer than `least`. An axis that
  // changes with each report cannot be read: it stays as it was before while that is good enough.
  function ends(values, least, before) {
    const sorted = Float64Array.from(values).sort();
    const low = quantile(sorted, 0.01), high = quantile(sorted, 0.99), span = high - low;
    const inside = before && before[0] <= low && high <= before[1];
    if (inside && 2 * Math.max(span, least) > before[1] - before[0]) return before;
    const margin = 0.15 * span + Math.max(0, least - span) / 2;
    return [low - margin, high + margin];
  }

  // The mean of codes, and the two directions in which they vary most. Whatever directions one
  // begins with, multiplied by the covariance again and again they turn there; with those of the
  // last report to begin with, the picture does not flip over.
  function principal(codes, before) {
    const average = (number) => codes.reduce((sum, code) => sum + number(code), 0) / codes.length;
    const mean = Array.from(codes[0], (_, k) => average((code) => code[k]));
    const covariance = mean.map((_, j) => mean.map((_, k) =>
      average((code) => (code[j] - mean[j]) * (code[k] - mean[k]))));
    const turned = (direction) => covariance.map((row) => dot(row, direction));
    const unit = (direction, otherwise) => {
      const length = Math.hypot(...direction);
      return length > 1e-12 ? direction.map((value) => value / length) : otherwise;
    };
    let [first, second] = before ?? [mean.map(() => 1), mean.map((_, k) => (-1) ** k)];
    for (let round = 0; round < 300; round++) {
      first = unit(turned(first), first);
      const next = turned(second), along = dot(next, first);
      second = unit(next.map((value, k) => value - along * first[k]), second);
    }
    return { mean, directions: [first, second] };
  }

  // Where codes are seen: one of two numbers as it is, a longer one along its principal directions,
  // and one of a single number at the height of its class.
  function seen_from(codes, labels, before) {
    const { length } = codes[0];
    const axes = [[1, 0], [0, 1]].map((direction) => direction.slice(0, length));
    const { mean, directions } = length > 2 ? principal(codes, before?.directions)
      : { mean: [0, 0].slice(-length), directions: axes };
    const columns = directions.map((direction) => codes.map((code) =>
      code.reduce((sum, value, k) => sum + (value - mean[k]) * direction[k], 0)));
    if (length === 1) columns[1] = labels;
    return { mean, directions, columns };
  }

  // So far most codes have their nearest neighbour: further away the model has seen nothing.
  function usual([xs, ys]) {
    const apart = xs.map((x, i) => xs.reduce((least, u, j) =>
      (i === j ? least : Math.min(least, Math.hypot(u - x, ys[j] - ys[i]))), Infinity));
    return quantile(apart.sort((a, b) => a - b), 0.99);
  }

  // ---- clouds --------------------------------------------------------------------------------

  // A code of a variational model is a cloud: an ellipse around its mean, one standard deviation
  // wide. Seen along the directions, its covariance is C = D diag(σ²) Dᵀ. With C = L Lᵀ (Cholesky)
  // the ellipse is L times a circle.
  const CORNERS = Array.from({ length: 16 }, (_, k) => (2 * Math.PI * k) / 16)
    .map((angle) => [Math.cos(angle), Math.sin(angle)]);

  function cloud(x, y, log_var, [first, second]) {
    const weighed = (a, b) =>
      log_var.reduce((sum, value, k) => sum + a[k] * b[k] * Math.exp(value), 0);
    const wide = Math.sqrt(weighed(first, first));
    const lean = wide && weighed(first, second) / wide; // no width at all: no lean either
    const high = Math.sqrt(Math.max(0, weighed(second, second) - lean ** 2));
    return `M${CORNERS.map(([cos, sin]) =>
      `${x + wide * cos} ${y + lean * cos + high * sin}`).join("L")}Z`;
  }

  // ---- many small pictures -------------------------------------------------------------------

  // Samples in rows and columns. Others stand above them if they are pictures, and are drawn into
  // the same places, dashed, if they are curves.
  function tiles(view, n_rows, n_columns) {
    if (view.kind === "image") {
      const height = view.height + 1, width = view.width + 1, across = n_columns * width; // a gap
      const all = picture({ ...view, height: n_rows * height, width: across });
      return { element: all.element, draw(items, others = []) {
        const values = new Float32Array(n_rows * height * across).fill(view.range[0]);
        [...others, ...items].forEach((item, k) => {
          const corner = Math.floor(k / n_columns) * height * across + (k % n_columns) * width;
          item.forEach((value, i) => {
            const row = Math.floor(i / view.width), column = i % view.width;
            values[corner + row * across + column] = value;
          });
        });
        all.draw(values);
      } };
    }
    const [low, high] = view.range, first = view.x[0], span = view.x.at(-1) - first;
    const lines = ["ae-original", "ae-line"].map((name) => svg("path", { class: name }));
    const element = tag("div", {}, svg("svg", { viewBox: `0 0 ${n_columns} ${n_rows}`,
      class: "ae-tiles", "aria-hidden": "true" }, ...lines));
    const path = (item, k) => `M${Array.from(item, (value, i) => {
      const x = 0.05 + (0.9 * (view.x[i] - first)) / span;
      const y = 0.95 - 0.9 * Math.min(Math.max((value - low) / (high - low), 0), 1);
      return `${(k % n_columns) + x} ${Math.floor(k / n_columns) + y}`;
    }).join("L")}`;
    return { element, draw(items, others = []) {
      [others, items].forEach((all, k) => lines[k].setAttribute("d", all.map(path).join("")));
    } };
  }

  // ---- the curve of the loss -----------------------------------------------------------------

  const MOST = 400; // points of a curve; with more of them every other one goes

  class Curve {
    constructor({ average, pca }) {
      this.floors = { average: average.held_out, PCA: pca.held_out };
      this.top = 1.15 * Math.max(average.train, average.held_out);
      this.points = [];
      this.box = tag("div");
      this.element = tag("div", {}, this.box, tag("div", { class: "ae-keys" },
        key("ae-original", "training"), key("ae-line", "held out")));
    }

    add({ epochs, train, held_out }) {
      this.points.push([epochs, train.squared_error, held_out.squared_error]);
      if (this.points.length > MOST) this.points = this.points.filter((_, k) => k % 2 === 0);
    }

    draw() {
      let last = 10;
      while (last < this.points.at(-1)[0]) last *= 2;
      const names = ["epoch", "squared error"];
      const { element, data, across, up } = chart([0, 0], [last, this.top], names);
      for (const [name, value] of Object.entries(this.floors)) {
        data.append(svg("path", { class: "ae-floor", d: `M0 ${value}h${last}` }));
        element.append(svg("text", { x: 300, y: up(value) - 4, "text-anchor": "end" }, name));
      }
      const [now, , held_out] = this.points.at(-1);
      if (held_out > this.top) {
        const above = { x: Math.max(across(now), 52), y: 24, "text-anchor": "start" };
        element.append(svg("text", above, `↑ ${shown(held_out, 1)}`));
      }
      const line = (k) => `M${this.points.map((point) => `${point[0]} ${point[k]}`).join("L")}`;
      data.append(svg("path", { class: "ae-original", d: line(1) }),
        svg("path", { class: "ae-line", d: line(2) }));
      this.box.replaceChildren(element);
    }
  }

  // ---- the element ---------------------------------------------------------------------------

  const GRID = { image: 11, curve: 7 }; // decoded places in a row of the plane
  const SAY = 5000; // milliseconds between two sentences of a run, for those who listen

  const select = (choices) => tag("select", {},
    ...choices.map(([value, text]) => tag("option", { value }, text)));

  function button(text, press) {
    const made = tag("button", { type: "button" }, text);
    made.addEventListener("click", press);
    return made;
  }

  const epoch = ({ epochs }) => (Number.isInteger(epochs) ? epochs : epochs.toFixed(1));

  // How many nats each number of a code costs, averaged over the held-out samples.
  const each_kl = (means, log_vars) => Array.from(means[0], (_, k) => {
    const kl = (mean, log_var) => 0.5 * (mean ** 2 + Math.exp(log_var) - log_var - 1);
    const sum = means.reduce((total, mean, i) => total + kl(mean[k], log_vars[i][k]), 0);
    return shown(sum / means.length, 2);
  }).join(", ");

  class Playground extends Live {
    start({ alt, knobs, start, presets, data }, live) {
      Object.assign(this, { presets, data, first: start, settings: { ...start }, run_id: 0 });
      this.preset = select([["", "choose one"],
        ...Object.keys(presets).map((name) => [name, name.replaceAll("-", " ")])]);
      this.fields = Object.fromEntries(
        Object.entries(knobs).map(([name, { choices }]) => [name, select(choices)]));
      this.button = button("start", () => (this.running ? this.pause() : this.run()));
      this.status = tag("div", { class: "ae-status" });
      this.output = tag("output");
      this.views = tag("div", { class: "ae-views" });
      const knob = (text, field) => tag("label", {}, text, field);
      live.setAttribute("role", "group");
      live.setAttribute("aria-label", alt);
      live.append(
        tag("div", { class: "ae-knobs" },
          Object.keys(presets).length ? knob("preset", this.preset) : "",
          ...Object.entries(knobs).map(([name, { label }]) => knob(label, this.fields[name]))),
        tag("div", { class: "ae-controls" }, this.button,
          button("one step", () => this.step()), button("start again", () => this.set({})),
          this.status, this.output),
        this.views);
      this.listen();
      if (!this.obey()) this.set({});
    }

    listen() {
      this.worker = start_trainer();
      this.worker.onmessage = ({ data: message }) => this.hear(message);
      this.worker.onerror = () => this.fail("this browser lets no page compute beside it");
      this.preset.addEventListener("change", () => this.take(this.preset.value));
      for (const [name, field] of Object.entries(this.fields)) {
        field.addEventListener("change", () => this.set({ [name]: field.value }));
      }
      addEventListener("hashchange", () => this.obey() || location.hash || this.tell());
      document.addEventListener("click", ({ target }) => { // on a link to the present address
        const link = target.closest?.("a[href]");
        if (link?.href === location.href) this.obey();
      });
      document.addEventListener("visibilitychange", () => { // nobody looks: no need to compute
        const resume = !document.hidden && this.away;
        this.away = document.hidden && this.running;
        if (this.away) this.pause();
        if (resume) this.run();
      });
    }

    // ---- settings ----

    // Where the site says so, settings that differ from the first ones stand in the address: a
    // link to it opens the same state.
    obey() {
      if (this.dataset.address === undefined || !location.hash.includes("=")) return false;
      const asked = [...new URLSearchParams(location.hash.slice(1))];
      const fields = new Map([["preset", this.preset], ...Object.entries(this.fields)]);
      const known = asked.filter(([name, value]) =>
        Array.from(fields.get(name) ?? []).some((option) => option.value === value));
      const { preset, ...settings } = Object.fromEntries(known);
      this.take(preset, settings);
      if (known.length < asked.length) {
        const unknown = asked.filter((pair) => !known.includes(pair));
        this.say(`The address asks for ${unknown.map((pair) => pair.join("=")).join(", ")}, ` +
          "which is no choice here.");
      }
      this.button.focus({ preventScroll: true });
      this.scrollIntoView();
      return true;
    }

    // The first settings, but for those of a preset and others.
    take(preset, settings = {}) {
      this.set({ ...this.first, ...this.presets[preset], ...settings }, preset);
    }

    // Change some settings. A new model waits to be started, but not for another length of a run.
    set(changes, preset = "") {
      const { settings, fields } = this;
      Object.assign(settings, changes);
      for (const [name, field] of Object.entries(fields)) field.value = settings[name];
      this.preset.value = preset;
      if (fields.beta) fields.beta.disabled = settings.model === "plain";
      if (fields.activation) fields.activation.disabled = settings.hidden === "none";
      this.tell();
      if (Object.keys(changes).join() === "epochs") return;
      this.restart().catch((error) => this.fail(error.message));
    }

    tell() {
      if (this.dataset.address === undefined) return;
      const { settings, first } = this;
      const told = Object.entries(settings).filter(([name, value]) => value !== first[name]);
      if (told.length) history.replaceState(null, "", `#${new URLSearchParams(told)}`);
      else if (location.hash.includes("=")) { // another anchor is none of ours
        history.replaceState(null, "", location.pathname + location.search);
      }
    }

    async restart() {
      const { data, code, hidden, activation, model, beta, rate, batch, seed } = this.settings;
      const id = (this.run_id += 1), set = this.data[data];
      this.stop();
      this.report = undefined;
      this.output.value = "";
      const [train, held_out] = [await samples(set.train), await samples(set.held_out)];
      if (id !== this.run_id) return; // a knob was turned again
      this.show_views(set, held_out, Number(code));
      this.worker.postMessage({ kind: "data", n_features: set.n_features, train, held_out });
      this.worker.postMessage({ kind: "restart", id, settings: {
        n_latent: Number(code), hidden: hidden === "none" ? [] : hidden.split("-").map(Number),
        activation, variational: model === "variational", beta: Number(beta),
        learning_rate: Number(rate), batch_size: Number(batch), seed: Number(seed) } });
    }

    // ---- start, pause, step ----

    run() { // until the next multiple of the epochs that are asked for
      if (!this.report) return;
      const each = Number(this.settings.epochs);
      const epochs = each * (Math.floor(this.report.epochs / each + 1e-9) + 1);
      this.running = true;
      this.button.textContent = "pause";
      this.said = performance.now();
      this.worker.postMessage({ kind: "start", epochs });
    }

    // Taken out of the page, it computes no more.
    disconnectedCallback() {
      if (this.running) this.pause();
    }

    stop() {
      this.running = false;
      this.button.textContent = "start";
    }

    pause() {
      this.stop();
      this.worker.postMessage({ kind: "pause" });
      this.draw();
      this.say();
    }

    step() {
      if (!this.report) return;
      this.stop();
      this.worker.postMessage({ kind: "pause" });
      this.worker.postMessage({ kind: "step" });
    }

    // ---- what the trainer says ----

    hear(message) {
      if (message.id !== this.run_id) return; // of a model that is gone
      if (message.kind === "error") return this.fail(message.message);
      this.report = message;
      this.curve.add(message);
      if (!message.running) this.stop();
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const now = performance.now();
      if (this.running && calm && now - this.drawn < 1000) return;
      this.drawn = now;
      this.draw();
      if (message.steps && (!this.running || now - this.said > SAY)) this.say();
    }

    fail(why) {
      this.stop();
      this.report = undefined;
      this.say(`The run has ended: ${why}. Turn a knob, or start again.`);
    }

    say(text) {
      const { report, floors } = this;
      this.said = performance.now();
      this.output.classList.toggle("ae-unseen", Boolean(text));
      this.output.value = text ?? (report ? `Epoch ${epoch(report)}: squared error ` +
        `${shown(report.train.squared_error, 2)}, held out ` +
        `${shown(report.held_out.squared_error, 2)}. PCA: ${shown(floors.pca.held_out, 2)}.` : "");
    }

    // ---- views ----

    show_views(set, held_out, n_latent) {
      const { view, labels, classes, colours, baselines } = set;
      const samples = rows(held_out, set.n_features);
      this.floors = { average: baselines.average, pca: baselines.pca[n_latent] };
      this.labels = labels;
      this.pairing = set.shown;
      this.originals = set.shown.map((k) => samples[k]);
      this.curve = new Curve(this.floors);
      const names = n_latent === 1 ? ["z₁", "class"] : n_latent === 2 ? NAMES
        : ["first principal direction", "second"];
      const nothing = samples.map(() => 0);
      this.plane = new Plane({ labels, classes, colours, names, low: [-1, -1], high: [1, 1],
        columns: [nothing, nothing], limit: 0 }, (place) => this.decode_at(place));
      if (n_latent === 1) this.plane.sliders[1].parentElement.remove(); // of the class
      this.before = this.layers = undefined;
      this.decoded = VIEWS[view.kind](view, {});
      const images = view.kind === "image";
      this.pairs = tiles(view, 2, images ? 10 : 5);
      this.steps = GRID[view.kind];
      this.grid = tiles(view, this.steps, this.steps);
      this.table = tag("table");
      const part = (title, ...parts) => tag("div", {}, tag("strong", {}, title), ...parts);
      this.views.replaceChildren(
        part("Loss", this.curve.element, this.table),
        part("Codes of held-out samples", this.plane.element),
        tag("div", {}, part("Where the point is", this.decoded.element),
          part(images ? "Held-out samples, and below each its reconstruction"
            : "Held-out samples (dashed) and their reconstructions", this.pairs.element)),
        part(n_latent === 1 ? "Decoded from the lowest z₁ to the highest, line by line"
          : "Decoded all over the plane", this.grid.element));
    }

    draw() {
      const { report, plane, floors } = this;
      if (!report) return;
      this.curve.draw();
      const { train, held_out, log_var } = report;
      const n_latent = report.decoder[0].n_in, codes = rows(report.codes, n_latent);
      this.layers = report.decoder.map(({ n_in, weight, bias, activation }, k) =>
        layer(rows(weight, n_in), bias, ACTIVATIONS[activation](0), `layer ${k + 1}`));

      const seen = seen_from(codes, this.labels, this.before), { columns, directions } = seen;
      const least = log_var ? 5 : 0.2; // a prior fills five standard deviations
      const [x, y] = plane.held ? this.before.ends // the axes stay under a finger
        : columns.map((values, k) => ends(values, least, this.before?.ends[k]));
      const heights = n_latent === 1 ? [-0.6, Math.max(...this.labels) + 0.6] : y;
      this.before = { ...seen, ends: [x, y] };
      plane.place({ low: [x[0], heights[0]], high: [x[1], heights[1]], columns,
        limit: log_var || n_latent !== 2 ? 0 : usual(columns) });
      if (log_var) {
        const clouds = rows(log_var, n_latent).map((own, k) =>
          cloud(columns[0][k], columns[1][k], own, directions));
        plane.chart.data.prepend(...plane.colours.map((fill, k) => svg("path", { class: "ae-cloud",
          fill, d: clouds.filter((_, i) => this.labels[i] === k).join("") })));
      }
      plane.move(plane.z ?? [0, 0]);

      const { length } = this.originals[0], all = rows(report.reconstructions, length);
      this.pairs.draw(this.pairing.map((k) => all[k]), this.originals);
      const { steps } = this;
      const at = (axis, share) => plane.low[axis] + share * (plane.high[axis] - plane.low[axis]);
      this.grid.draw(Array.from({ length: steps ** 2 }, (_, k) =>
        this.decode(n_latent === 1 ? [at(0, k / (steps ** 2 - 1)), 0] :
          [at(0, (k % steps + 0.5) / steps), at(1, 1 - (Math.floor(k / steps) + 0.5) / steps)])));

      fill(this.table, { "squared error": { training: train.squared_error,
        "held out": held_out.squared_error, PCA: floors.pca.held_out,
        average: floors.average.held_out },
      "KL, nats": log_var ? { training: train.kl, "held out": held_out.kl } : {},
      "loss, nats": log_var ? { training: train.loss, "held out": held_out.loss } : {} });
      this.status.textContent = `epoch ${epoch(report)}, step ${report.steps}` +
        (report.steps ? `, ${report.ms_per_epoch.toFixed(0)} ms an epoch` : "") +
        (log_var ? "; KL of each number, held out: " +
          `${each_kl(codes, rows(log_var, n_latent))} nats` : "");
    }

    decode(place) {
      const { mean, directions } = this.before;
      return this.layers.reduce((values, step) => step(values), mean.map((value, k) =>
        value + place[0] * directions[0][k] + place[1] * directions[1][k]));
    }

    decode_at(place) {
      if (this.layers) this.decoded.draw(this.decode(place));
    }
  }

  document.head.append(tag("style", {}, `
ae-playground { display: block; margin: 0.5rem 0; padding: 0.5rem; line-height: 1.4; }
ae-playground.ae-on > :not(.ae-live) { display: none; }
ae-playground .ae-knobs { display: grid; gap: 0.5rem; flex: 1 1 100%;
  grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
ae-playground .ae-knobs label { display: block; margin: 0; }
ae-playground .ae-knobs select { display: block; width: 100%; color: inherit; font: inherit;
  background: Canvas; border: 1px solid; border-radius: 0.25rem; }
ae-playground .ae-live .ae-controls { max-width: none; }
ae-playground .ae-status { display: inline-block; margin-top: 0.5rem;
  font-variant-numeric: tabular-nums; }
ae-playground .ae-live output { min-height: 3em; }
ae-playground .ae-views { display: grid; gap: 1rem; flex: 1 1 100%;
  grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); }
ae-playground .ae-views > div { max-width: 28rem; min-width: 0; }
ae-playground .ae-views strong { display: block; margin-top: 0.25rem; }
ae-playground .ae-live th[scope="row"] { white-space: nowrap; }
ae-playground .ae-floor { fill: none; stroke: currentColor; stroke-width: 1; stroke-dasharray: 2 3;
  vector-effect: non-scaling-stroke; }
ae-playground .ae-cloud { fill-opacity: 0.12; }
ae-playground .ae-tiles { border: 1px solid #888; }
`));
  customElements.define("ae-playground", Playground);
})();
