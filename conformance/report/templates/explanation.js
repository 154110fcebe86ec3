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

// What the classes mean by which columns differ, and how to find one's own.
const classesOf = (data, columns, example) => {
  const words = new Set(columns.flatMap(([, , part]) => part.split(/[\s,;()]+/)));
  const classes = Object.entries(data.classes).filter(([name]) => words.has(name));
  if (!classes.length) return [];
  const command = example && `conformance explain ${data.cases[example][0]} --framework ${columns[0][0]}`;
  return [
    make("h3", {}, "On which machine?"),
    make("dl", { class: "words" }, ...classes.flatMap(([name, sentence]) =>
      [make("dt", {}, make("code", {}, name)), make("dd", {}, ...code(sentence))])),
    command ? make("p", {}, "To find yours: ", make("code", {}, command)) : null,
  ];
};

const explain = (data, details, id, name) => {
  const place = data.questions.findIndex(([question]) => question === id);
  if (place < 0) return null;
  const [, title, axis, topic] = data.questions[place];
  const columns = data.implementations.flatMap(([implementation, family, , giver, parts]) =>
    parts.filter(([part]) => [implementation, family, part].includes(name)).map((part) => [implementation, giver, ...part]));
  if (!columns.length) return null;
  const givers = new Set(columns.map(([, giver]) => giver));
  const [, , familyTitle] = data.implementations.find(([implementation]) => implementation === columns[0][0]);
  const choices = new Set(columns.flatMap(([, , , members]) => members.map((n) => data.choices[axis]?.[n])));
  const answers = new Map();
  for (const column of columns) {
    const answer = JSON.stringify(column[4][place].slice(0, 3));
    answers.set(answer, [...(answers.get(answer) ?? []), column]);
  }
  const blocks = [...answers].flatMap(([answer, members]) => {
    const [word, tone, sentence] = JSON.parse(answer);
    const items = members.map(([, giver, part, places, cells]) => {
      const column = data.columns[places[0]][0];
      const [, , , cases, exceptions] = cells[place];
      return make("li", {}, `${giver} ${part} `,
        link(axis ? route("axis", axis, column) : route(topic, column), cases ? count(cases, "case") : "cases"),
        exceptions && `, ${exceptions}`);
    });
    return [make("p", {}, make("b", { class: `s ${tone}` }, word), " ", ...code(sentence)), make("ul", {}, ...items)];
  });
  const parts = [
    make("p", {}, link("#support", "All questions")),
    make("h2", {}, `${givers.size > 1 ? familyTitle : columns[0][1]}: `, ...code(title)),
    ...blocks,
  ];
  const examples = columns.map(([, , , members]) => (axis ? smallest(data, details, axis, members[0]) : undefined));
  if (answers.size > 1) parts.push(...classesOf(data, columns, examples.find((n) => n !== undefined)));
  const drawn = axis ? picturesOf(axis, choices) : [];
  if (drawn.length) parts.push(make("h3", {}, "In a picture"), ...drawn);
  const seen = new Set();
  columns.forEach(([, giver, part, members], n) => {
    const number = examples[n];
    if (number === undefined) return;
    const [naive, equivalent] = callsOf(details, members[0], number);
    const key = `${naive} ${equivalent}`;
    if (seen.has(key)) return;
    seen.add(key);
    parts.push(make("h3", {}, `In code: ${giver} ${part}`),
      make("p", {}, "One of its cases, ", link(route("case", data.cases[number][0]), data.cases[number][0]), `: ${details.cases[number]?.arguments ?? ""}.`));
    if (naive) parts.push(codeBlock("naive call", naive));
    if (equivalent && equivalent !== naive) parts.push(codeBlock("equivalent call", equivalent));
  });
  return parts.filter(Boolean);
};
