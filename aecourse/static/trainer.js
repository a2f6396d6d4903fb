// Trains an autoencoder in the reader's browser: all that a step of training needs, in one file.
//
// From top to bottom: random numbers, the product of two matrices, a layer, loss terms, the model,
// Adam, fit, and the messages by which a page starts and stops it. Names, with their underscores,
// are those of the Python package: aecourse/training.py, losses.py and models/.
//
// Numbers lie in flat Float32Arrays, one sample after the other. All of them are made when a model
// is built, and used again in each step.

// Everything is inside one function, because of where it runs: in a worker, a second thread, so
// that the page never stutters. `port` is the worker itself; see start_trainer at the end.
function trainer(port) {
  "use strict";

  // ---- random numbers ------------------------------------------------------------------------

  // The browser's own Math.random takes no seed. This one is mulberry32, by Tommy Ettinger.
  class Generator {
    constructor(seed) {
      this.state = seed;
    }

    uniform() { // from 0 to below 1
      this.state = (this.state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    }

    normal() { // Box and Muller (1958); 1 − uniform is never 0, which has no logarithm
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      return radius * Math.cos(2 * Math.PI * this.uniform());
    }

    shuffle(order) { // Fisher and Yates: each order is equally likely
      for (let k = order.length - 1; k > 0; k--) {
        const other = Math.floor((k + 1) * this.uniform()), kept = order[k];
        order[k] = order[other];
        order[other] = kept;
      }
    }
  }

  // ---- the product of two matrices -----------------------------------------------------------

  // out[r, c] = Σₖ a[r, k] b[c, k]. Nine tenths of the time are spent here. Two rows and four
  // columns at a time: a number that was read is used again, and no sum waits for another one.
  // The strides say how far apart in memory neighbours are, so one function multiplies by a matrix
  // or by its transpose: a[r, k] lies at r·a_row + k·a_next.
  function multiply(out, rows, columns, depth, a, a_row, a_next, b, b_row, b_next) {
    for (let r = 0; r < rows; r += 2) {
      for (let c = 0; c < columns; c += 4) {
        if (r + 2 > rows || c + 4 > columns) { // what is left at the edges, one by one
          for (let p = r; p < Math.min(r + 2, rows); p++) {
            for (let q = c; q < Math.min(c + 4, columns); q++) {
              let sum = 0, i = p * a_row, j = q * b_row;
              for (let k = 0; k < depth; k++, i += a_next, j += b_next) sum += a[i] * b[j];
              out[p * columns + q] = sum;
            }
          }
          continue;
        }
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0, t0 = 0, t1 = 0, t2 = 0, t3 = 0;
        let i = r * a_row, j = c * b_row;
        for (let k = 0; k < depth; k++, i += a_next, j += b_next) {
          const b0 = b[j], b1 = b[j + b_row], b2 = b[j + 2 * b_row], b3 = b[j + 3 * b_row];
          const s = a[i], t = a[i + a_row];
          s0 += s * b0;
          s1 += s * b1;
          s2 += s * b2;
          s3 += s * b3;
          t0 += t * b0;
          t1 += t * b1;
          t2 += t * b2;
          t3 += t * b3;
        }
        const at = r * columns + c, below = at + columns;
        out[at] = s0;
        out[at + 1] = s1;
        out[at + 2] = s2;
        out[at + 3] = s3;
        out[below] = t0;
        out[below + 1] = t1;
        out[below + 2] = t2;
        out[below + 3] = t3;
      }
    }
  }

  // ---- a layer -------------------------------------------------------------------------------

  // Each replaces y by activation(y), and notes how steep the activation is there.
  const ACTIVATIONS = {
    none() {},
    relu(y, slope, size) {
      for (let k = 0; k < size; k++) {
        slope[k] = y[k] > 0 ? 1 : 0;
        if (y[k] < 0) y[k] = 0;
      }
    },
    silu(y, slope, size) {
      for (let k = 0; k < size; k++) {
        const sigmoid = 1 / (1 + Math.exp(-y[k]));
        slope[k] = sigmoid * (1 + y[k] * (1 - sigmoid));
        y[k] *= sigmoid;
      }
    },
  };

  // y = activation(W x + b), for n samples at a time: one a row of x and of y.
  class Layer {
    constructor(n_in, n_out, activation, capacity) {
      Object.assign(this, { n_in, n_out, activation });
      this.y = new Float32Array(capacity * n_out);
      this.slope = new Float32Array(activation === "none" ? 0 : capacity * n_out);
      this.gradient = new Float32Array(capacity * n_out); // of the loss, in y
    }

    forward(x, n) {
      const { n_in, n_out, weight, bias, y, slope } = this;
      multiply(y, n, n_out, n_in, x, n_in, 1, weight, n_in, 1);
      for (let r = 0; r < n; r++) {
        for (let o = 0; o < n_out; o++) y[r * n_out + o] += bias[o];
      }
      ACTIVATIONS[this.activation](y, slope, n * n_out);
      return y;
    }

    // The chain rule: from the gradient in y to those in W, b and, where it is asked for, x.
    backward(x, n, x_gradient) {
      const { n_in, n_out, weight, weight_gradient, bias_gradient, slope, gradient } = this;
      if (this.activation !== "none") {
        for (let k = 0; k < n * n_out; k++) gradient[k] *= slope[k];
      }
      multiply(weight_gradient, n_out, n_in, n, gradient, 1, n_out, x, 1, n_in);
      bias_gradient.fill(0);
      for (let r = 0; r < n; r++) {
        for (let o = 0; o < n_out; o++) bias_gradient[o] += gradient[r * n_out + o];
      }
      if (x_gradient) multiply(x_gradient, n, n_in, n_out, gradient, n_out, 1, weight, 1, n_in);
    }
  }

  // Several layers, one after the other; and back, from the gradient in the last one's y.
  function run(layers, x, n) {
    for (const layer of layers) x = layer.forward(x, n);
  }

  function run_back(layers, x, n, x_gradient) {
    for (let l = layers.length - 1; l >= 0; l--) {
      const below = layers[l - 1] ?? { y: x, gradient: x_gradient };
      layers[l].backward(below.y, n, below.gradient);
    }
  }

  // ---- loss terms, averaged over n samples ---------------------------------------------------

  function squared_error(x_hat, x, n, n_features) {
    let sum = 0;
    for (let k = 0; k < n * n_features; k++) sum += (x_hat[k] - x[k]) ** 2;
    return sum / n;
  }

  const VARIANCE = 0.1; // of the decoder's Gaussian, per value: as in the chapter on shapes

  function gaussian_nll(mean, x, n, n_features) {
    const constant = n_features * Math.log(2 * Math.PI * VARIANCE);
    return 0.5 * (squared_error(mean, x, n, n_features) / VARIANCE + constant);
  }

  // Each row holds the means of a code's numbers, then their log-variances.
  function kl_to_standard_normal(mean_log_var, n, n_latent) {
    let sum = 0;
    for (let r = 0; r < n; r++) {
      for (let k = 0; k < n_latent; k++) {
        const mean = mean_log_var[2 * r * n_latent + k];
        const log_var = mean_log_var[(2 * r + 1) * n_latent + k];
        sum += 0.5 * (mean ** 2 + Math.exp(log_var) - log_var - 1);
      }
    }
    return sum / n;
  }

  // ---- the model -----------------------------------------------------------------------------

  // layer_sizes run from the data to the code; the decoder is the mirror. A variational encoder
  // ends in twice as many numbers. `capacity` is the most samples that it takes at a time.
  class Autoencoder {
    constructor({ layer_sizes, activation, variational, beta }, capacity) {
      const [n_features, n_latent] = [layer_sizes[0], layer_sizes.at(-1)];
      Object.assign(this, { n_features, n_latent, variational, beta, capacity });
      const mlp = (sizes) => sizes.slice(1).map((n_out, k) =>
        new Layer(sizes[k], n_out, k + 2 < sizes.length ? activation : "none", capacity));
      this.encoder = mlp([...layer_sizes.slice(0, -1), variational ? 2 * n_latent : n_latent]);
      this.decoder = mlp([...layer_sizes].reverse());
      this.layers = [...this.encoder, ...this.decoder];

      // All parameters lie in one array, so that Adam needs one loop; a layer holds parts of it.
      const size = this.layers.reduce((sum, { n_in, n_out }) => sum + (n_in + 1) * n_out, 0);
      this.parameters = new Float32Array(size);
      this.gradients = new Float32Array(size);
      let begin = 0;
      for (const layer of this.layers) {
        const middle = begin + layer.n_in * layer.n_out, end = middle + layer.n_out;
        layer.weight = this.parameters.subarray(begin, middle);
        layer.bias = this.parameters.subarray(middle, end);
        layer.weight_gradient = this.gradients.subarray(begin, middle);
        layer.bias_gradient = this.gradients.subarray(middle, end);
        begin = end;
      }

      // What goes in, what the encoder says of it, the code, and the reconstruction.
      this.x = new Float32Array(capacity * n_features);
      this.encoded = this.encoder.at(-1);
      this.reconstructed = this.decoder.at(-1);
      const own = () => new Float32Array(capacity * n_latent);
      this.noise = own();
      this.z = variational ? own() : this.encoded.y;
      this.z_gradient = variational ? own() : this.encoded.gradient;
    }

    // First weights as PyTorch's nn.Linear draws them: uniform between ±1/√n_in.
    initialise(random) {
      for (const { n_in, weight, bias } of this.layers) {
        for (const part of [weight, bias]) {
          for (let k = 0; k < part.length; k++) part[k] = (2 * random.uniform() - 1) / n_in ** 0.5;
        }
      }
    }

    // Copy n samples: those that `order` names, from `begin` on.
    load(samples, order, begin, n) {
      const { x, n_features } = this;
      for (let r = 0; r < n; r++) {
        const from = order[begin + r] * n_features;
        for (let k = 0; k < n_features; k++) x[r * n_features + k] = samples[from + k];
      }
    }

    encode(n) {
      run(this.encoder, this.x, n);
    }

    // With a generator a variational code is drawn, without one it is the mean.
    decode(n, random) {
      if (this.variational) this.reparameterise(n, random);
      run(this.decoder, this.z, n);
    }

    // z = mean + σ·noise. log_var is ln σ², so half of it is ln σ.
    reparameterise(n, random) {
      const { encoded: { y }, noise, z, n_latent } = this;
      for (let r = 0; r < n; r++) {
        for (let k = 0; k < n_latent; k++) {
          const own = r * n_latent + k, mean = 2 * r * n_latent + k, log_var = mean + n_latent;
          noise[own] = random ? random.normal() : 0;
          z[own] = y[mean] + Math.exp(0.5 * y[log_var]) * noise[own];
        }
      }
    }

    squared_error(n) {
      return squared_error(this.reconstructed.y, this.x, n, this.n_features);
    }

    kl(n) {
      return this.variational ? kl_to_standard_normal(this.encoded.y, n, this.n_latent) : 0;
    }

    // The sum of the loss terms. A variational one is in nats.
    loss(n) {
      if (!this.variational) return this.squared_error(n);
      const nll = gaussian_nll(this.reconstructed.y, this.x, n, this.n_features);
      return nll + this.beta * this.kl(n);
    }

    // The gradient of loss(n) in each parameter, from the last layer to the first.
    backward(n) {
      const { x, z, z_gradient, encoder, decoder, reconstructed, n_features } = this;
      const factor = (this.variational ? 1 / VARIANCE : 2) / n;
      for (let k = 0; k < n * n_features; k++) {
        reconstructed.gradient[k] = factor * (reconstructed.y[k] - x[k]);
      }
      run_back(decoder, z, n, z_gradient);
      if (this.variational) this.through_the_code(n);
      run_back(encoder, x, n, null);
    }

    // The code moves with its mean, and by ½σ·noise with its log-variance; the KL moves with both.
    through_the_code(n) {
      const { encoded: { y, gradient }, noise, z_gradient, n_latent } = this, beta = this.beta / n;
      for (let r = 0; r < n; r++) {
        for (let k = 0; k < n_latent; k++) {
          const own = r * n_latent + k, mean = 2 * r * n_latent + k, log_var = mean + n_latent;
          const sigma = Math.exp(0.5 * y[log_var]);
          gradient[mean] = z_gradient[own] + beta * y[mean];
          gradient[log_var] =
            0.5 * (z_gradient[own] * sigma * noise[own] + beta * (sigma ** 2 - 1));
        }
      }
    }
  }

  // ---- Adam (Kingma and Ba 2015) -------------------------------------------------------------

  class Adam {
    constructor({ parameters, gradients }, learning_rate) {
      Object.assign(this, { parameters, gradients, learning_rate, steps: 0 });
      this.average = new Float32Array(parameters.length); // of past gradients
      this.squares = new Float32Array(parameters.length); // of their squares
    }

    step() {
      const { parameters, gradients, average, squares } = this;
      this.steps += 1;
      // Both averages begin at 0, and are too small at first: by 1 − βᵗ.
      const rate = this.learning_rate / (1 - 0.9 ** this.steps);
      const missing = Math.sqrt(1 - 0.999 ** this.steps);
      for (let k = 0; k < parameters.length; k++) {
        average[k] = 0.9 * average[k] + 0.1 * gradients[k];
        squares[k] = 0.999 * squares[k] + 0.001 * gradients[k] ** 2;
        parameters[k] -= (rate * average[k]) / (Math.sqrt(squares[k]) / missing + 1e-8);
      }
    }
  }

  // ---- fit -----------------------------------------------------------------------------------

  // One step on the n samples that the model has loaded; returns the loss before it.
  function train_step(model, optimiser, n, random) {
    model.encode(n);
    model.decode(n, random);
    const loss = model.loss(n);
    model.backward(n);
    optimiser.step();
    return loss;
  }

  // As aecourse's fit: batches in a new random order each epoch. It halts behind each step (yield)
  // until it is asked for the next. The learning rate stays what it is: a one-cycle schedule would
  // have to know where the run ends, and here the reader decides that.
  function* fit(model, x, { batch_size, learning_rate }, random, first = Infinity) {
    const optimiser = new Adam(model, learning_rate);
    const order = numbered(x.length / model.n_features);
    for (let epoch = 1; ; epoch++) {
      random.shuffle(order);
      for (let begin = 0; begin < order.length; begin += batch_size) {
        const n = Math.min(batch_size, order.length - begin);
        model.load(x, order, begin, n);
        const loss = train_step(model, optimiser, n, random);
        require_learning(loss, first, epoch);
        yield loss;
      }
    }
  }

  // A run whose loss is a hundred times the first does not come back to learn anything, and NaN,
  // which is neither above nor below, stays for ever.
  function require_learning(loss, first, epoch) {
    if (loss < 100 * Math.abs(first)) return;
    throw new Error(`the loss in epoch ${epoch} is ${loss.toPrecision(2)}, and was ` +
      `${first.toPrecision(2)} at first: try a smaller learning rate`);
  }

  const numbered = (count) => Uint32Array.from({ length: count }, (_, k) => k);

  // Averages over all samples. A variational loss is that of a code drawn, always with the same
  // noise; the squared error is that of its mean, which reconstructions are made from. These are
  // left in the model, so that a report finds them there.
  function average_loss_terms(model, x) {
    const random = new Generator(0), order = numbered(x.length / model.n_features);
    const averages = { loss: 0, squared_error: 0, kl: 0 };
    for (let begin = 0; begin < order.length; begin += model.capacity) {
      const n = Math.min(model.capacity, order.length - begin), share = n / order.length;
      model.load(x, order, begin, n);
      model.encode(n);
      model.decode(n, random);
      averages.loss += share * model.loss(n);
      if (model.variational) model.decode(n);
      averages.squared_error += share * model.squared_error(n);
      averages.kl += share * model.kl(n);
    }
    return averages;
  }

  // ---- messages ------------------------------------------------------------------------------

  const SLICE = 50; // milliseconds of training between two reports: more than ten a second
  let data, model, training, run_id, first, n_batches, steps, ms_per_epoch, timer;

  // What the page may send: { kind: "restart", settings: {…} } and so on.
  const commands = {
    // Samples to train on and held out, as flat Float32Arrays.
    data({ n_features, train, held_out }) {
      commands.pause();
      [data, training] = [{ n_features, train, held_out }, null];
    },

    // A new model, which waits to be started. All that is told of it carries its `id`.
    restart({ settings, id }) {
      commands.pause();
      [training, run_id] = [null, id];
      check(settings);
      if (!data) throw new Error("expected data before a restart");
      const { n_features, train, held_out } = data;
      const { hidden, n_latent, batch_size, seed } = settings;
      const n = train.length / n_features;
      const capacity = Math.max(Math.min(batch_size, n), held_out.length / n_features);
      const layer_sizes = [n_features, ...hidden, n_latent];
      model = new Autoencoder({ ...settings, layer_sizes }, capacity);
      const random = new Generator(seed);
      model.initialise(random);
      n_batches = Math.ceil(n / batch_size);
      [steps, ms_per_epoch] = [0, 0];
      first = report(false);
      training = fit(model, train, settings, random, first);
    },

    // Train until so many epochs are done in all.
    start({ epochs = Infinity }) {
      const last = epochs * n_batches;
      if (steps < last || !training) advance(SLICE, last); // which asks for a model
      const running = steps < last;
      report(running);
      if (!running) return;
      timer = setTimeout(() => answer("start", { epochs })); // what has come meanwhile goes first
    },

    step() {
      advance(0, 0);
      report(false);
    },

    pause() {
      clearTimeout(timer);
    },
  };

  function check({ n_latent, hidden, activation, beta, learning_rate, batch_size, seed }) {
    const count = (value, least = 1) => Number.isInteger(value) && value >= least;
    const expect = (holds, name, wanted, came) => {
      if (!holds) throw new Error(`expected ${name} to be ${wanted}, got ${came}`);
    };
    expect(count(n_latent), "n_latent", "a whole number from 1", n_latent);
    expect(hidden.every((size) => count(size)), "hidden", "layer sizes from 1", hidden);
    expect(activation in ACTIVATIONS, "activation", Object.keys(ACTIVATIONS), activation);
    expect(beta >= 0 && beta < Infinity, "beta", "0 or more", beta);
    const moves = learning_rate > 0 && learning_rate < Infinity;
    expect(moves, "learning_rate", "above 0", learning_rate);
    expect(count(batch_size), "batch_size", "a whole number from 1", batch_size);
    expect(count(seed, 0), "seed", "a whole number from 0", seed);
  }

  function advance(duration, last) { // by one step at least
    commands.pause();
    if (!training) throw new Error("expected a restart first");
    const begin = performance.now(), before = steps;
    let elapsed = 0;
    do {
      training.next();
      steps += 1;
      elapsed = performance.now() - begin;
    } while (elapsed < duration && steps < last);
    ms_per_epoch = (elapsed / (steps - before)) * n_batches;
  }

  // What the page draws: `codes`, `log_var` and `reconstructions` are of the held-out samples.
  function report(running) {
    const { n_latent, variational, encoded, reconstructed, decoder } = model;
    const train = average_loss_terms(model, data.train);
    const held_out = average_loss_terms(model, data.held_out); // the last: it leaves its codes
    const epochs = steps / n_batches;
    if (training) require_learning(Math.max(train.loss, held_out.loss), first, Math.ceil(epochs));
    const n = data.held_out.length / data.n_features, width = encoded.n_out;
    const columns = (first) => Float32Array.from({ length: n * n_latent }, (_, k) =>
      encoded.y[Math.floor(k / n_latent) * width + first + (k % n_latent)]);
    port.postMessage({
      kind: "report", id: run_id, running, steps, epochs, ms_per_epoch, train, held_out,
      codes: columns(0),
      log_var: variational ? columns(n_latent) : null,
      reconstructions: reconstructed.y.slice(0, data.held_out.length),
      decoder: decoder.map(({ n_in, n_out, weight, bias, activation }) =>
        ({ n_in, n_out, weight: weight.slice(), bias: bias.slice(), activation })),
    });
    return train.loss;
  }

  function answer(kind, message) {
    try {
      if (!(kind in commands)) throw new Error(`unknown message: ${kind}`);
      commands[kind](message);
    } catch (error) {
      commands.pause();
      training = null; // what is left of it is no use
      port.postMessage({ kind: "error", id: run_id, message: error.message });
    }
  }

  port.onmessage = ({ data: message }) => answer(message.kind, message);

  return { Generator, multiply, Autoencoder, Adam, train_step, fit, average_loss_terms };
}

// A page that was opened as a file may not start a worker from another file: browsers take each
// file for a host of its own. So the worker is made from the text of the function above.
function start_trainer() {
  const source = new Blob([`(${trainer})(self);`], { type: "text/javascript" });
  return new Worker(URL.createObjectURL(source));
}
