// What stands behind a cell of the support matrix: words, a picture, and a line of code.
const callsOf = (details, place, number) => {
  const calls = details.calls[place] ?? [];
  for (let i = 0; i < calls.length; i += 3) {
    if (calls[i] === number) return [details.texts[calls[i + 1]], details.texts[calls[i + 2]]];
  }
  return [undefined, undefined];
};

// The plainest case of a cell, an output if there is one, and of these the smallest, whose code is
// the easiest to read.
const smallest = (data, details, axis, place) => {
  const set = data.axes[axis]?.[place] ?? -1;
  const numbers = set < 0 ? [] : data.sets[set];
  const size = (number) => {
    const entry = details.cases[number];
    if (!entry) return Infinity;
    const isPlain = entry.arrays.x.dtype === "float32" && ["conv_transpose", "conv"].includes(data.cases[number][1]);
    return entry.size + (isPlain ? 0 : 1e6) + 10 * entry.arguments.length;
  };
  return numbers.length ? numbers.reduce((best, number) => (size(number) < size(best) ? number : best)) : undefined;
};

const picturesOf = (axis, choices) => {
  const drawn = [...document.querySelectorAll("#pictures figure[data-axis]")].filter((f) => f.dataset.axis === axis);
  const chosen = drawn.filter((figure) => choices.has(figure.dataset.choice));
  return (chosen.length ? chosen : drawn.slice(0, 1)).map((figure) => figure.cloneNode(true));
};

const explain = (data, details, id, name) => {
  const place = data.questions.findIndex(([question]) => question === id);
  if (place < 0) return null;
  const [, title, axis, topic] = data.questions[place];
  const columns = data.families.flatMap(([family, familyTitle, parts]) =>
    parts.filter(([part]) => family === name || part === name).map((part) => [familyTitle, ...part]));
  if (!columns.length) return null;
  const choices = new Set(columns.flatMap(([, , members]) => members.map((n) => data.choices[axis]?.[n])));
  const rows = columns.map(([family, part, members, cells]) => {
    const [word, tone, sentence, cases] = cells[place];
    const href = axis ? route("axis", axis, data.columns[members[0]][0]) : route(topic, data.columns[members[0]][0]);
    return make("tr", {}, make("th", { scope: "row" }, `${family} ${part}`),
      make("td", { class: `s ${tone}` }, word), make("td", {}, ...code(sentence)),
      make("td", {}, link(href, cases ? count(cases, "case") : "cases")));
  });
  const parts = [
    make("p", {}, link("#support", "All questions")),
    make("h2", {}, ...code(title), ` ${columns[0][0]}`),
    make("div", { class: "scroll bare", tabindex: "0", role: "region", "aria-label": "Answers" },
      make("table", { class: "plain" }, make("tbody", {}, ...rows))),
  ];
  const drawn = axis ? picturesOf(axis, choices) : [];
  if (drawn.length) parts.push(make("h3", {}, "In a picture"), ...drawn);
  const seen = new Set();
  for (const [family, part, members] of columns) {
    const number = axis ? smallest(data, details, axis, members[0]) : undefined;
    if (number === undefined) continue;
    const [naive, equivalent] = callsOf(details, members[0], number);
    const key = `${naive} ${equivalent}`;
    if (seen.has(key)) continue;
    seen.add(key);
    parts.push(make("h3", {}, `In code: ${family} ${part}`),
      make("p", {}, "One of its cases, ", link(route("case", data.cases[number][0]), data.cases[number][0]), `: ${details.cases[number]?.arguments ?? ""}.`));
    if (naive) parts.push(codeBlock("naive call", naive));
    if (equivalent && equivalent !== naive) parts.push(codeBlock("equivalent call", equivalent));
  }
  return parts;
};
