"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const PAGE = 100;
  const element = (id) => document.getElementById(id);
  const [words, topic, column, verdict] = ["words", "topic", "column", "verdict"].map(element);
  const options = (select, titles) => titles.forEach((title) => select.add(new Option(title, title)));
  options(topic, [...data.topics].sort());
  options(column, data.columns.map(([title]) => title));
  const signs = new Map(data.signs);
  const order = [...signs.keys()];
  options(verdict, order);
  const texts = data.cases.map(([id, op, topics, why, from, section, claims]) =>
    [id, op, ...topics.map((t) => data.topics[t]), claims, from, section, why].join(" ").toLowerCase());
  const claimed = data.cases.map((told) => told[6].toLowerCase().split(" "));

  // Every text goes through textContent: what a framework says is never markup.
  const make = (tag, className, ...children) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };
  const link = (href, title) => Object.assign(make("a", "", title), { href });
  const said = (mode, status, why) => make("p", "", make("b", "", `${mode}: `), status, why ? `. ${why}` : "");

  const one = ([number, place, outcome]) => {
    const [id, op, topics, why, from, section, claims, where] = data.cases[number];
    const [judged, native, nativeWhy, recipe, recipeWhy, cost] = data.outcomes[outcome];
    const origin = [from, section, claims && `claims ${claims}`, op, topics.map((t) => data.topics[t]).join(", "), where];
    const bug = judged === "same" ? undefined : data.bugs[data.known[place]?.[number]];
    return make("div", "one",
      make("p", "", make("span", `v ${judged.replaceAll(" ", "-")}`, `${signs.get(judged)} ${judged}`), " ",
        make("span", "id", id), " ", data.columns[place][0]),
      make("p", "", why),
      make("p", "meta", origin.filter(Boolean).join(" · ")),
      said("naive call", native, nativeWhy),
      said("equivalent call", recipe + (cost && recipe !== "not run" ? ` (${cost})` : ""), recipeWhy),
      ...(bug ? [make("p", "", make("b", "", "known bug: "), link(`#${bug[1]}`, bug[0]))] : []));
  };

  // For each column the cases that a cell of the first tables led here for; null when none did.
  let only = null;
  let found = [];
  let shown = 0;
  const more = () => {
    element("list").append(...found.slice(shown, shown + PAGE).map(one));
    shown = Math.min(shown + PAGE, found.length);
    element("more").hidden = shown === found.length;
    const about = only ? `${only.axis}: ` : "";
    element("found").textContent = `${about}${found.length.toLocaleString()} verdicts, ${shown.toLocaleString()} shown`;
  };
  const search = () => {
    const sought = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const about = topic.value ? data.topics.indexOf(topic.value) : -1;
    found = [];
    data.of.forEach((pairs, place) => {
      const [title, environment] = data.columns[place];
      if (column.value && column.value !== title) return;
      if (only && !only.cases[place]) return;
      const api = ` ${title} ${environment} `.toLowerCase();
      for (let i = 0; i < pairs.length; i += 2) {
        const judged = data.outcomes[pairs[i + 1]][0];
        if (verdict.value && verdict.value !== judged) continue;
        if (about >= 0 && !data.cases[pairs[i]][2].includes(about)) continue;
        const text = texts[pairs[i]] + api + judged;
        const means = (word) => word.startsWith("claim:")
          ? claimed[pairs[i]].includes(word.slice(6)) : text.includes(word);
        if (only && !only.cases[place].has(pairs[i])) continue;
        if (sought.every(means)) found.push([pairs[i], place, pairs[i + 1]]);
      }
    });
    // The worst first: who comes here looks for trouble.
    const grade = (row) => order.indexOf(data.outcomes[row[2]][0]);
    found.sort((a, b) => grade(b) - grade(a) || a[0] - b[0] || a[1] - b[1]);
    shown = 0;
    element("list").replaceChildren();
    more();
  };

  // #/axis/NAME/API, #/topic/API, #/claim/ID and #/case/ID lead to the cases, so that a cell can be linked to.
  const follow = () => {
    const told = element(location.hash.slice(1));
    if (told instanceof HTMLDetailsElement) told.open = true;
    if (!location.hash.startsWith("#/")) return;
    const [kind, name, place] = location.hash.slice(2).split("/").map(decodeURIComponent);
    element("filter").reset();
    only = null;
    if (kind === "claim") words.value = `claim:${name}`;
    else if (kind === "case") words.value = name;
    else if (kind === "axis" && Object.hasOwn(data.axes, name)) {
      only = { axis: name, cases: data.axes[name].map((n) => (n < 0 ? null : new Set(data.sets[n]))) };
      column.value = place ?? "";
    } else [topic.value, column.value] = [kind, name];
    search();
    element("cases").scrollIntoView();
  };

  let waiting;
  element("filter").hidden = false;
  element("filter").addEventListener("submit", (event) => event.preventDefault());
  element("filter").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 120); });
  element("filter").addEventListener("reset", () => { only = null; setTimeout(search); });
  element("more").addEventListener("click", more);
  window.addEventListener("hashchange", follow);
  search();
  follow();
})();
