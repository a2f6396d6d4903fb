/* Finds the sections that have all words of a question, and shows the best pages first.

   searchindex.js holds PAGES: for each page a list of entries [title, anchor, text], the page
   itself first. */
"use strict";
{
  const IN_TITLE = 5;  // a word in a title counts like so many in the text
  const SECTIONS = 3;  // shown of a page
  const LENGTH = 220;  // of an excerpt, in letters

  /* One form for "Stars" and "star", "optimized" and "optimise", "Björck" and "bjorck". */
  const stem = word => word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
    .replace(/iz(?=[ei])/, "is").replace(/([^s])s$/, "$1").replace(/(?<=\w{3})(ing|ed|e)$/, "");

  /* What is neither letter nor digit parts words, a hyphen like a dash: Nelder-Mead, Nelder–Mead. */
  const words = text => text.match(/[\p{L}\p{N}]+/gu) ?? [];

  const count = (counts, text, weight) => words(text).map(stem)
    .forEach(word => counts.set(word, (counts.get(word) ?? 0) + weight));

  const entries = Object.entries(PAGES).flatMap(([page, listed]) =>
    listed.map(([title, anchor, text]) => {
      const counts = new Map();
      count(counts, title, IN_TITLE);
      count(counts, text, 1);
      return { page, title, anchor, text, counts };
    }));

  /* Returns for each entry how well it answers: 0 where a word is missing, and more for a word
     that occurs often in it and in few others (tf-idf, Spärck Jones 1972). */
  function scores(question) {
    const terms = [...new Set(words(question).map(stem))].map(word => {
      let found = entries.map(entry => entry.counts.get(word) ?? 0);
      if (!found.some(n => n)) found = entries.map(entry => beginnings(entry, word));
      const rarity = Math.log(1 + entries.length / found.filter(n => n).length);
      return found.map(n => Math.log(1 + n) * rarity);
    });
    return entries.map((_, i) => terms.length && terms.every(term => term[i])
      ? terms.reduce((sum, term) => sum + term[i], 0) : 0);
  }

  function beginnings(entry, word) {
    let sum = 0;
    entry.counts.forEach((n, key) => sum += key.startsWith(word) ? n : 0);
    return sum;
  }

  /* Groups what was found by page: a page is as good as all its sections together. */
  function find(question) {
    const pages = new Map(), score = scores(question);
    entries.forEach((entry, i) => {
      if (!score[i]) return;
      const page = pages.get(entry.page) ?? { score: 0, found: [] };
      pages.set(entry.page, page);
      page.score += score[i];
      page.found.push({ ...entry, score: score[i] });
    });
    const best = (a, b) => b.score - a.score;
    pages.forEach(page => page.found.sort(best));
    return [...pages].sort(([, a], [, b]) => best(a, b));
  }

  const make = (tag, ...children) => {
    const element = document.createElement(tag);
    element.append(...children);
    return element;
  };

  /* Cuts a text around the first word of the question, from the sentence on where it is near. */
  function excerpt(text, isAsked) {
    const marked = [...text.matchAll(/[\p{L}\p{N}]+/gu)].filter(([word]) => isAsked(stem(word)));
    const first = marked[0]?.index ?? 0, before = text.slice(0, first);
    const sentence = Math.max(0, before.lastIndexOf(". ") + 2 * before.includes(". "));
    const start = first - sentence < LENGTH / 2 ? sentence : before.lastIndexOf(" ", first - 60) + 1;
    const cut = text.indexOf(" ", start + LENGTH), end = cut < 0 ? text.length : cut;
    const line = make("p", start > sentence ? "… " : "");
    let at = start;
    for (const { index, 0: word } of marked.filter(({ index }) => index < end)) {
      line.append(text.slice(at, index), make("mark", word));
      at = index + word.length;
    }
    line.append(text.slice(at, end), end < text.length ? " …" : "");
    return line;
  }

  function show(question) {
    const asked = words(question).map(stem), pages = find(question);
    const isAsked = word => asked.some(term => word === term || word.startsWith(term));
    const n = pages.reduce((sum, [, page]) => sum + page.found.length, 0);
    const list = make("ul");
    for (const [name, page] of pages) {
      const link = make("a", PAGES[name][0][0]);
      link.href = `${name}.html`;
      const sections = make("ul");
      for (const { title, anchor, text } of page.found.slice(0, SECTIONS)) {
        const to = make("a", anchor ? title : "Opening");
        to.href = `${name}.html${anchor}`;
        sections.append(make("li", to, excerpt(text, isAsked)));
      }
      list.append(make("li", link, sections));
    }
    const said = n ? `${n} section${n > 1 ? "s" : ""} on ${pages.length} page${pages.length > 1 ? "s" : ""}`
      : "No section has all of these words.";
    document.getElementById("search-results").replaceChildren(make("p", said), list);
  }

  const question = new URLSearchParams(location.search).get("q") ?? "";
  document.querySelectorAll("input[name=q]").forEach(field => field.value = question);
  if (words(question).length) show(question);
}
