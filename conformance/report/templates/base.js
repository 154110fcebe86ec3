// What all parts of the page use. Every text goes through textContent: what a framework says is
// never markup. Only the pictures are markup, and these are drawn by us.
const element = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};
const link = (href, title) => make("a", { href }, title);
const route = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;
const code = (words) => words.split("`").map((part, n) => (n % 2 ? make("code", {}, part) : part));
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

const unpack = async (id) => {
  const bytes = Uint8Array.from(atob(element(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
};
const loading = new Map();
const load = (id) => {
  if (!loading.has(id)) loading.set(id, unpack(id));
  return loading.get(id);
};

const copy = async (text, button) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // a page that is opened from a disk may not have the clipboard
    const area = make("textarea", { "aria-hidden": "true" }, text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "copied";
  setTimeout(() => { button.textContent = "copy"; }, 1500);
};
const codeBlock = (title, text) => {
  const button = make("button", { type: "button", class: "copy", "aria-label": `copy: ${title}` }, "copy");
  button.addEventListener("click", () => copy(text, button));
  const region = { tabindex: "0", role: "group", "aria-label": title };
  return make("figure", { class: "code" }, make("figcaption", {}, title, " ", button), make("pre", region, text));
};

// An array as a table of its last axis across and all others down; `reference` marks what differs.
const grid = (title, array, reference) => {
  const caption = make("figcaption", {}, `${title}: ${array.shape.join(" x ") || "a number"}, ${array.dtype}`);
  if (!array.numbers) return make("figure", { class: "grid" }, caption, make("p", {}, "too many numbers to show"));
  const width = array.shape.at(-1) ?? 1;
  const comparable = reference?.numbers && String(reference.shape) === String(array.shape);
  const table = make("table", {});
  for (let row = 0; width > 0 && row < array.numbers.length / width; row += 1) {
    const line = make("tr", {});
    for (let n = row * width; n < (row + 1) * width; n += 1) {
      const differs = reference && (!comparable || reference.numbers[n] !== array.numbers[n]);
      const cell = make("td", differs ? { class: "differs", title: "differs from the oracle" } : {}, String(array.numbers[n]));
      line.append(cell);
    }
    table.append(line);
  }
  const region = { class: "scroll bare", tabindex: "0", role: "group", "aria-label": title };
  return make("figure", { class: "grid" }, caption, make("div", region, table));
};
