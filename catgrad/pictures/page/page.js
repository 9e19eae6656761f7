"use strict";
// All text of the IR goes through textContent: none of it is ever markup.
const data = JSON.parse(document.getElementById("data").textContent);
const AROUND = 3, FOLDED = 8, WIDE = 360;
const byId = (id) => document.getElementById(id);
const pictures = [...document.querySelectorAll("#diagram .picture")];
let at = 0;

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const signed = (n) => (n > 0 ? "+" + n : "\u2212" + -n);
const changed = (f) => f.before !== f.after;
const plural = (n, word) => n + " " + word + (n === 1 ? "" : "s");

function line(number, className) {
  const text = data.lines[number], made = element("div", undefined, className);
  if (text.length <= WIDE) {
    made.textContent = text;
    return made;
  }
  const rest = element("button", "\u2026 " + (text.length - WIDE) + " more characters", "rest");
  made.append(text.slice(0, WIDE), rest);
  rest.onclick = () => rest.replaceWith(text.slice(WIDE));
  return made;
}

// Lines that stayed: those next to a change, and a button for all others. `moved` is how far they moved.
function stayed(code, before, after, first, end, moved, edges) {
  const rows = (from, to) => {
    const lines = [];
    for (let i = from; i < to; i++) {
      lines.push(line(after[i + moved], before[i] === after[i + moved] ? "" : "renamed"));
    }
    return lines;
  };
  const head = edges.start ? 1 : AROUND, tail = edges.end ? 1 : AROUND;
  if (end - first <= head + tail + FOLDED) {
    code.append(...rows(first, end));
    return;
  }
  const hidden = plural(end - first - head - tail, "unchanged line");
  const fold = element("button", "\u22ef " + hidden, "fold");
  fold.onclick = () => fold.replaceWith(...rows(first + head, end - tail));
  code.append(...rows(first, first + head), fold, ...rows(end - tail, end));
}

function fill(code, f) {
  const before = data.bodies[f.before] || [], after = data.bodies[f.after] || [];
  if (at === 0 || !changed(f)) {
    for (const number of after) code.append(line(number));
    return;
  }
  let done = 0, made = 0;
  for (const [from, to, first, end] of f.changes) {
    stayed(code, before, after, done, from, made - done, { start: done === 0, end: false });
    for (let i = from; i < to; i++) code.append(line(before[i], "gone"));
    for (let i = first; i < end; i++) code.append(line(after[i], "added"));
    done = to;
    made = end;
  }
  stayed(code, before, after, done, before.length, made - done, { start: done === 0, end: true });
}

function note(f) {
  const size = plural((data.bodies[f.after] || data.bodies[f.before]).length, "line");
  if (at === 0) return size;
  if (!changed(f)) return "unchanged, " + size;
  if (f.before < 0) return "new, " + size;
  if (f.after < 0) return "gone, " + size;
  if (f.changes.length === 0) return "only numbers of values changed, " + size;
  let gone = 0, added = 0;
  for (const [from, to, first, end] of f.changes) {
    gone += to - from;
    added += end - first;
  }
  return "\u2212" + gone + " +" + added + " of " + size;
}

function functionView(f) {
  const view = element("details"), head = element("summary", f.name), code = element("div", undefined, "code");
  head.append(element("span", note(f), "note"));
  view.append(head, code);
  view.className = changed(f) ? "changed" : "same";
  view.ontoggle = () => {
    if (view.open && !code.firstChild) fill(code, f);
  };
  if (at > 0 && f.changes.length > 0 && f.after >= 0) {
    fill(code, f);
    view.open = true;
  }
  return view;
}

function showSummary(step) {
  const summary = byId("summary"), last = at > 0 ? data.steps[at - 1].ops : 0;
  summary.replaceChildren(element("b", at > 0 ? last + " \u2192 " + step.ops + " ops" : step.ops + " ops"));
  const parts = step.change.map(([op, n]) => (at > 0 ? signed(n) : n) + " " + op);
  summary.append(parts.length ? ": " + parts.join(", ") : ": the same numbers of each op");
}

function showPictures(step) {
  pictures.forEach((picture, i) => (picture.hidden = i !== step.diagram));
  byId("diagram").hidden = step.diagram < 0 && step.boxes === 0;
  byId("undrawn").hidden = step.diagram >= 0;
  byId("undrawn").textContent = "It would have " + step.boxes + " boxes: too many to read.";
  byId("memory").hidden = at !== data.steps.length - 1;
}

function show(index) {
  at = Math.min(Math.max(index, 0), data.steps.length - 1);
  const step = data.steps[at];
  byId("name").textContent = step.name;
  byId("place").textContent = at + " / " + (data.steps.length - 1);
  byId("back").disabled = at === 0;
  byId("next").disabled = at === data.steps.length - 1;
  showSummary(step);
  showPictures(step);
  const order = [...step.functions.filter(changed), ...step.functions.filter((f) => !changed(f))];
  byId("functions").replaceChildren(...order.map(functionView));
  [...byId("steps").children].forEach((item, i) => {
    if (i === at) item.firstChild.setAttribute("aria-current", "step");
    else item.firstChild.removeAttribute("aria-current");
  });
  history.replaceState(null, "", "#" + at);
  byId("steps").children[at].scrollIntoView({ block: "nearest" });
}

function listSteps() {
  const most = Math.max(...data.steps.map((step) => step.ops), 1);
  data.steps.forEach((step, i) => {
    const item = element("li"), button = element("button"), row = element("span", undefined, "row");
    const bar = element("span", undefined, "bar");
    const same = i > 0 && !step.functions.some(changed);
    row.append(element("span", step.name, same ? "same" : ""), element("span", step.ops, "count"));
    bar.style.width = (100 * step.ops) / most + "%";
    button.append(row, bar);
    button.onclick = () => show(i);
    item.append(button);
    byId("steps").append(item);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (event.key === "ArrowRight") show(at + 1);
  else if (event.key === "ArrowLeft") show(at - 1);
  else return;
  event.preventDefault();
});
byId("back").onclick = () => show(at - 1);
byId("next").onclick = () => show(at + 1);
const dark = (on) => document.documentElement.classList.toggle("dark", on);
dark(matchMedia("(prefers-color-scheme: dark)").matches);
byId("theme").onclick = () => dark();
const showAddressed = () => show(parseInt(location.hash.slice(1), 10) || 0);
addEventListener("hashchange", showAddressed);
listSteps();
showAddressed();
