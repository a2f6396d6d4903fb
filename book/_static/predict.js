// Predict, then look: what answers a box "Predict" is covered until the reader has an answer too.
//
// The page comes with all of it visible; book/_ext/predict.py has marked the boxes and what belongs
// to them. Here each box gets its buttons: one, or one for each answer that it lists. What is
// uncovered stays so until the window is closed. Print shows everything (book.css).
(() => {
  "use strict";

  // ---- what the reader has chosen, for this visit ----------------------------------------------

  // A browser may refuse to keep anything: then a page that is opened again is covered again.
  const KEY = `predictions of ${location.pathname}`;

  function remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
    } catch {
      return {};
    }
  }

  function remember(number, choice) {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ ...remembered(), [number]: choice }));
    } catch {} // see above
  }

  // ---- a box and what answers it ---------------------------------------------------------------

  function button(...contents) {
    const element = document.createElement("button");
    element.type = "button";
    element.className = "predict-button";
    element.append(...contents);
    return element;
  }

  class Prediction {
    constructor(box, answers, number) {
      Object.assign(this, { box, answers, number, covered: true });
      this.note = document.createElement("p"); // right above the answer
      this.note.className = "predict-note";
      this.note.tabIndex = -1; // the focus may be put there
      this.note.textContent = "Covered until you have made your prediction, in the box above.";
      answers[0].before(this.note);
      answers.forEach((answer) => answer.classList.add("predict-covered"));
      this.addButtons();
    }

    // Where the box lists answers, each of them becomes a button.
    addButtons() {
      this.choices = [...this.box.querySelectorAll("li")].map((item) => {
        const text = item.querySelector("p") ?? item;
        const choice = button(...text.childNodes);
        choice.setAttribute("aria-pressed", "false");
        choice.addEventListener("click", () => this.choose(choice.textContent.trim()));
        text.append(choice);
        return choice;
      });
      if (this.choices.length) return;
      this.button = button("I have my prediction: show it");
      this.button.addEventListener("click", () => this.choose(""));
      this.box.append(this.button);
    }

    // The reader goes on reading at the answer, and so does who hears the page.
    choose(choice) {
      remember(this.number, choice);
      this.uncover(choice);
      this.note.focus();
    }

    uncover(choice = "") {
      this.covered = false;
      this.answers.forEach((answer) => {
        answer.classList.remove("predict-covered");
        answer.hidden = false;
      });
      if (this.button) {
        this.button.textContent = "Shown below"; // in its place, so the page does not jump
        this.button.disabled = true;
      }
      this.choices.forEach((element) =>
        element.setAttribute("aria-pressed", element.textContent.trim() === choice));
      this.note.textContent = choice ? `You chose: ${choice}` : "Is it what you expected?";
    }

    holds(element) {
      return this.covered && this.answers.some((answer) => answer.contains(element));
    }

    // Once its pictures are there, a covered answer has its height, and keeps it. Then the search
    // of the browser may find it, and uncovers it: hidden="until-found", where that is known.
    letSearchFind() {
      if (!this.covered || !("onbeforematch" in document.body)) return;
      this.answers.forEach((answer) => {
        answer.style.containIntrinsicHeight = `${answer.clientHeight}px`;
        answer.hidden = "until-found";
        answer.addEventListener("beforematch", () => this.uncover());
      });
    }
  }

  // ---- the page --------------------------------------------------------------------------------

  // An answer belongs to the last box above it.
  const groups = [];
  for (const element of document.querySelectorAll(".predict, .predicted")) {
    if (element.matches(".predict")) groups.push([element, []]);
    else groups.at(-1)?.[1].push(element);
  }
  const predictions = groups.filter(([, answers]) => answers.length)
    .map(([box, answers], number) => new Prediction(box, answers, number));
  const kept = remembered();
  predictions.forEach((prediction) => {
    if (prediction.number in kept) prediction.uncover(kept[prediction.number]);
  });

  // A link leads to a figure that is covered: it is shown.
  function showTarget() {
    const target = document.getElementById(location.hash.slice(1));
    const prediction = target && predictions.find((one) => one.holds(target));
    prediction?.uncover();
    if (prediction) target.scrollIntoView();
  }
  addEventListener("hashchange", showTarget);
  showTarget();

  const settle = () => predictions.forEach((prediction) => prediction.letSearchFind());
  if (document.readyState === "complete") settle();
  else addEventListener("load", settle);
})();
