// The list of cases: searched, filtered, and led to by cells of the tables.
const caseList = (data) => {
  const PAGE = 100;
  const [words, topic, column, verdict] = ["words", "topic", "column", "verdict"].map(element);
  const options = (select, titles) => titles.forEach((title) => select.add(new Option(title, title)));
  options(topic, [...data.topics].sort());
  options(column, data.columns.map(([title]) => title));
  const signs = new Map(data.signs);
  const order = [...signs.keys()];
  options(verdict, order);
  const texts = data.cases.map(([id, op, topics, why, from, section, claims]) =>
    [id, op, ...topics.map((t) => data.topics[t]), claims, from, section, why].join(" ").toLowerCase());
  const claimed = data.cases.map((entry) => entry[6].toLowerCase().split(" "));

  const call = (mode, status, reason) =>
    make("p", {}, make("b", {}, `${mode}: `), status, reason ? `. ${reason}` : "");
  const item = ([number, place, outcome]) => {
    const [id, op, topics, why, from, section, claims, where] = data.cases[number];
    const [overall, native, nativeReason, recipe, recipeReason, cost] = data.outcomes[outcome];
    const origin = [from, section, claims && `claims ${claims}`, op, topics.map((t) => data.topics[t]).join(", "), where];
    const bug = overall === "same" ? undefined : data.bugs[data.known[place]?.[number]];
    return make("div", { class: "one" },
      make("p", {}, make("span", { class: `v ${overall.replaceAll(" ", "-")}` }, `${signs.get(overall)} ${overall}`), " ",
        make("a", { class: "id", href: route("case", id) }, id), " ", data.columns[place][0]),
      make("p", {}, why),
      make("p", { class: "meta" }, origin.filter(Boolean).join(" · ")),
      call("naive call", native, nativeReason),
      call("equivalent call", recipe + (cost && recipe !== "not run" ? ` (${cost})` : ""), recipeReason),
      bug ? make("p", {}, make("b", {}, "known bug: "), link(`#${bug[1]}`, bug[0])) : null);
  };

  // For each column the cases that a cell of a table led here for; null when none did.
  let only = null;
  let found = [];
  let shown = 0;
  const more = () => {
    element("list").append(...found.slice(shown, shown + PAGE).map(item));
    shown = Math.min(shown + PAGE, found.length);
    element("more").hidden = shown === found.length;
    const about = only ? `${only.axis}: ` : "";
    element("found").textContent = `${about}${count(found.length, "verdict")}, ${shown.toLocaleString("en")} shown`;
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
        const overall = data.outcomes[pairs[i + 1]][0];
        if (verdict.value && verdict.value !== overall) continue;
        if (about >= 0 && !data.cases[pairs[i]][2].includes(about)) continue;
        if (only && !only.cases[place].has(pairs[i])) continue;
        const text = texts[pairs[i]] + api + overall;
        const fits = (word) => (word.startsWith("claim:")
          ? claimed[pairs[i]].includes(word.slice(6)) : text.includes(word));
        if (sought.every(fits)) found.push([pairs[i], place, pairs[i + 1]]);
      }
    });
    // The worst first: who comes here looks for trouble.
    const grade = (row) => order.indexOf(data.outcomes[row[2]][0]);
    found.sort((a, b) => grade(b) - grade(a) || a[0] - b[0] || a[1] - b[1]);
    shown = 0;
    element("list").replaceChildren();
    more();
  };

  let waiting;
  element("filter").hidden = false;
  element("filter").addEventListener("submit", (event) => event.preventDefault());
  element("filter").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 120); });
  element("filter").addEventListener("reset", () => { only = null; setTimeout(search); });
  element("more").addEventListener("click", more);
  search();

  return (wanted) => {
    element("filter").reset();
    only = null;
    [words.value, topic.value, column.value] = [wanted.words ?? "", wanted.topic ?? "", wanted.column ?? ""];
    if (wanted.axis) {
      only = { axis: wanted.axis, cases: data.axes[wanted.axis].map((n) => (n < 0 ? null : new Set(data.sets[n]))) };
    }
    search();
  };
};
