// The page of a case: the question, the oracle's answer, and what each implementation did.
const outcomeOf = (data, place, number) => {
  const pairs = data.of[place];
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === number) return pairs[i + 1];
  return undefined;
};

const literal = (array) => {
  const nest = (shape, numbers) => {
    if (!shape.length) return String(numbers[0]);
    const step = numbers.length / shape[0] || 0;
    const parts = Array.from({ length: shape[0] }, (_, n) => nest(shape.slice(1), numbers.slice(n * step, (n + 1) * step)));
    return `[${parts.join(", ")}]`;
  };
  return `np.array(${nest(array.shape, array.numbers)}, np.${array.dtype})`;
};

// A script that needs the framework and NumPy only, if the page has the arrays.
const script = (details, place, number, source) => {
  const { arrays } = details.cases[number];
  const finite = Object.values(arrays).every((a) => a.numbers?.every((value) => typeof value === "number"));
  if (!finite || /\bw1\b/.test(source)) return null;
  const lines = Object.entries(arrays).map(([name, array]) => `${name} = ${literal(array)}`);
  return [...details.imports[place], "", ...lines, "", source.trimEnd(), "print(y)", ""].join("\n");
};

// Since which release the implementation means what this case shows, as the history has it.
const sinceWhen = (data, number, place, title) => {
  const groups = new Map();
  for (const [axis, sentence] of Object.entries(data.since[place])) {
    const set = data.axes[axis]?.[place] ?? -1;
    if (set >= 0 && data.sets[set].includes(number)) groups.set(sentence, [...(groups.get(sentence) ?? []), axis]);
  }
  if (!groups.size) return null;
  return make("details", { open: "" }, make("summary", {}, `Since which version${title}`),
    make("ul", {}, ...[...groups].map(([sentence, axes]) => make("li", {}, `${axes.join(", ")}: ${data.sentences[sentence]}`))));
};

const implementation = (data, details, number, places) => {
  const place = places[0];
  const outcome = outcomeOf(data, place, number);
  const [overall, native, nativeReason, recipe, recipeReason, cost] = data.outcomes[outcome];
  const sign = new Map(data.signs).get(overall);
  const [naive, equivalent] = callsOf(details, place, number);
  const given = details.given[place] ?? [];
  const answer = given.find((_, n) => n % 2 === 1 && given[n - 1] === number);
  const entry = details.cases[number];
  const id = data.cases[number][0];
  const api = data.columns[place][0].replace(/ \([^()]*\)$/, "");
  const body = [];
  body.push(make("p", {}, make("b", {}, "Naive call: "), native, nativeReason ? `. ${nativeReason}` : ""));
  if (naive) body.push(codeBlock("naive call", naive));
  if (answer !== undefined) {
    body.push(make("div", { class: "arrays" }, grid("it answers", details.answers[answer], entry.expected),
      entry.expected ? grid("the oracle", entry.expected) : null));
  }
  body.push(make("p", {}, make("b", {}, "Equivalent call: "), recipe, cost ? ` (${cost})` : "", recipeReason ? `. ${recipeReason}` : ""));
  if (equivalent && equivalent !== naive) body.push(codeBlock("equivalent call", equivalent));
  const whole = naive && script(details, place, number, naive);
  if (whole) body.push(make("details", {}, make("summary", {}, "A script of the naive call"), codeBlock("script", whole)));
  body.push(...places.map((n) => sinceWhen(data, number, n, places.length > 1 ? `: ${data.columns[n][0]}` : "")));
  body.push(codeBlock("the same on a command line", `conformance repro ${id} --api '${api}' --mode native`));
  const title = make("summary", {}, make("span", { class: `v ${overall.replaceAll(" ", "-")}` }, `${sign} ${overall}`), " ",
    places.map((n) => data.columns[n][0]).join(", "));
  return make("details", { class: "implementation" }, title, ...body);
};

const casePage = (data, details, id) => {
  const number = data.cases.findIndex(([name]) => name === id);
  const entry = details.cases[number];
  if (!entry) return null;
  const [, op, topics, why, from, section, claims] = data.cases[number];
  const groups = new Map();
  data.columns.forEach((_, place) => {
    const outcome = outcomeOf(data, place, number);
    if (outcome === undefined) return;
    const key = JSON.stringify([outcome, callsOf(details, place, number)]);
    groups.set(key, [...(groups.get(key) ?? []), place]);
  });
  const order = data.signs.map(([verdict]) => verdict);
  const grade = (places) => order.indexOf(data.outcomes[outcomeOf(data, places[0], number)][0]);
  const origin = [from, section, claims && `claims ${claims}`, op, topics.map((t) => data.topics[t]).join(", ")];
  const parts = [
    make("h2", {}, id),
    make("p", {}, why),
    make("p", { class: "meta" }, origin.filter(Boolean).join(" · ")),
    make("p", {}, make("b", {}, "The question: "), `${op}, ${entry.arguments}.`, entry.error ? ` It has no answer: ${entry.error}.` : ""),
    make("div", { class: "arrays" },
      ...Object.entries(entry.arrays).map(([name, array]) =>
        grid({ x: "input x", w: "kernel w", b: "bias b", g: "gradient g" }[name], array)),
      entry.expected ? grid("the oracle's answer", entry.expected) : null),
  ];
  if (entry.picture) {
    const figure = make("figure", { class: "scroll bare", tabindex: "0", role: "region", "aria-label": "picture" });
    figure.innerHTML = entry.picture;
    parts.push(make("h3", {}, "Where each product lands"), figure);
  }
  if (entry.yaml) parts.push(make("details", {}, make("summary", {}, "The case as YAML"), codeBlock("in its file", entry.yaml)));
  parts.push(make("h3", {}, "What each implementation does"),
    ...[...groups.values()].sort((a, b) => grade(b) - grade(a) || a[0] - b[0]).map((places) => implementation(data, details, number, places)));
  return parts;
};
