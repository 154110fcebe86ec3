// Views: `#NAME` leads to the view that holds this element, and `#/KIND/...` to a page that is made.
// #/ask/QUESTION/COLUMN explains a cell, #/case/ID is a case, #/axis/NAME/API, #/claim/ID and
// #/TOPIC/API list cases, and #/picture/AXIS shows pictures.
const show = (name) => {
  document.querySelectorAll(".view").forEach((view) => view.classList.toggle("active", view.dataset.view === name));
};
const present = (view, target) => {
  show(view);
  target?.scrollIntoView();
};

const follow = async () => {
  const hash = location.hash.slice(1);
  if (!hash.startsWith("/")) {
    const target = element(decoded(hash)) ?? element("support");
    if (target instanceof HTMLDetailsElement) target.open = true;
    const view = target.closest(".view");
    if (view?.dataset.view === "port") await porting();
    if (view) show(view.dataset.view);
    if (target.id === "cases") {
      target.hidden = false;
      element("case").hidden = true;
    }
    if (hash && target.id !== "support") target.scrollIntoView(); else window.scrollTo(0, 0);
    return;
  }
  const [kind, name = "", place = ""] = hash.slice(1).split("/").map(decoded);
  if (kind === "picture") {
    present("pictures", [...document.querySelectorAll("#pictures h3")].find((h) => h.textContent === name));
    return;
  }
  const data = await load("data");
  if (kind === "ask") {
    const parts = explain(data, await load("details"), name, place);
    element("explanation").replaceChildren(...(parts ?? [make("p", {}, "There is no such cell in this report. ", link("#support", "All questions"))]));
    show("explanation");
    window.scrollTo(0, 0);
    return;
  }
  const filter = await filtering();
  element("case").hidden = true;
  element("cases").hidden = false;
  if (kind === "case") {
    const parts = casePage(data, await load("details"), name);
    if (parts) {
      element("case").replaceChildren(make("p", {}, link("#cases", "All cases")), ...parts);
      element("case").hidden = false;
      element("cases").hidden = true;
    }
    filter({ words: parts ? "" : name });
  } else if (kind === "claim") filter({ words: `claim:${name}` });
  else if (kind === "axis" && Object.hasOwn(data.axes, name)) filter({ axis: name, column: place });
  else filter({ topic: kind, column: name });
  show("cases");
  if (element("case").hidden) element("cases").scrollIntoView(); else window.scrollTo(0, 0);
};
const decoded = (part) => {
  try {
    return decodeURIComponent(part);
  } catch {  // a link that somebody mistyped
    return part;
  }
};
let filterOnce;
const filtering = () => (filterOnce ??= load("data").then(caseList));

// The support matrix: families fold into one column, and rows without a difference can be hidden.
const matrix = document.querySelector("table.support");
const foldFamily = (head, folded) => {
  const { family, columns } = head.dataset;
  const button = head.querySelector("button");
  if (!button) return;
  button.setAttribute("aria-expanded", String(!folded));
  head.colSpan = folded ? 1 : Number(columns);
  matrix.querySelectorAll(`[data-family="${CSS.escape(family)}"].part`).forEach((cell) => { cell.hidden = folded; });
  matrix.querySelectorAll(`[data-family="${CSS.escape(family)}"].whole`).forEach((cell) => { cell.hidden = !folded; });
};
const heads = [...matrix.querySelectorAll("th[data-columns]")];
heads.forEach((head) => {
  const button = head.querySelector("button");
  if (!button) return;
  button.hidden = false;
  foldFamily(head, true);
  button.addEventListener("click", () => foldFamily(head, button.getAttribute("aria-expanded") === "true"));
});
const toggle = (id, change) => {
  const button = element(id);
  button.hidden = false;
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(pressed));
    change(pressed);
  });
};
toggle("differences", (pressed) => matrix.classList.toggle("only-differences", pressed));
toggle("unfold", (pressed) => heads.forEach((head) => foldFamily(head, !pressed)));

window.addEventListener("hashchange", follow);
follow().then(filtering);
