// The chat page: frames in, elements out. Every text that somebody wrote becomes a text node.

import { form, HIDDEN } from "./form.js";
import { Link } from "./link.js";

const $ = (id) => document.getElementById(id);
const [log, work, busy, state, composer, words, over, again] =
  ["log", "work", "busy", "state", "composer", "words", "over", "again"].map($);
const profile = $("chat").dataset.profile;

// What survives a reload of this tab, and nothing else: token, chat, the last seq on the page.
const KEY = `cuebook:${profile}`;
let kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
const keep = (more) => sessionStorage.setItem(KEY, JSON.stringify(Object.assign(kept, more)));

let quiet = kept.last ?? 0; // lines up to here were read out before the reload: not a second time
let last = 0; // the highest seq on the page
let caughtUp = 0; // where the replay ends
let question = null; // the buttons of the open question, or its form
let entered = {}; // what was entered in the form of the open question, secrets left out
let awaiting = false; // we spoke and nobody has answered yet
let news = ""; // to be said once the page is drawn anew
const unsent = new Map(); // cmid -> {frame, line, text, seq}: ours, not yet back from the server
const runs = new Map(); // run id -> its panel

function forget() {
  sessionStorage.removeItem(KEY);
  kept = {};
  quiet = 0;
  unsent.clear();
}

// --- elements ------------------------------------------------------------------------------

function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function button(label, className = "") {
  return Object.assign(make("button", className, label), { type: "button" });
}

// Text with its web addresses as links: nothing else in it can become an element.
function rich(text) {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/).map((piece, i) => {
    if (i % 2 === 0) return piece;
    return Object.assign(make("a", "", piece), { href: piece, rel: "noopener noreferrer", target: "_blank" });
  });
}

const WHO = { user: "You", bot: "Bot", agent: "Agent", note: "Progress" };

function bubble(kind, text, at) {
  const line = make("div", `line ${kind}`);
  const body = make("div", "bubble");
  body.append(make("span", "unseen", `${WHO[kind]}: `), ...rich(text));
  line.append(body);
  if (at) stamp(line, at);
  return line;
}

function stamp(line, at) {
  const date = new Date(at);
  const time = make("time", "", date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = date.toISOString();
  line.append(time);
}

// One time for a row of lines of the same minute.
function place(line) {
  const before = log.lastElementChild;
  const [one, two] = [before, line].map((each) => each?.querySelector("time"));
  if (two && one?.textContent === two.textContent && before.className === line.className) one.hidden = true;
  log.append(line);
}

// Stays at the end, unless the person has scrolled back to read.
function atEnd(change) {
  const near = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  change();
  if (near) log.scrollTop = log.scrollHeight;
}

const notice = (text) => atEnd(() => log.append(make("p", "notice", text)));

// --- what was said -------------------------------------------------------------------------

function show(frame) {
  if (frame.seq <= last) return;
  last = frame.seq;
  log.setAttribute("aria-live", last <= quiet ? "off" : "polite");
  atEnd(() => {
    if (frame.type === "note") place(bubble("note", frame.text, frame.at));
    else if (frame.from === "user") own(frame);
    else said(frame);
  });
  if (last >= caughtUp) keep({ last });
  tell();
}

function said(frame) {
  awaiting = false;
  const line = bubble(frame.from, frame.text, frame.at);
  line.firstChild.id = `m${frame.seq}`;
  const shows = frame.choices?.length || frame.form?.length;
  const aside = !shows && question?.dataset.prompt === frame.prompt_id; // asks for one field of the form
  if ((frame.prompt_id && !aside) || frame.end) close("This question is closed.");
  if (frame.choices?.length) line.append(buttons(frame));
  if (frame.form?.length) line.append(fields(frame));
  place(line);
  if (frame.end) finish();
}

// Our own line comes back with its seq: the bubble that stands for it already becomes it.
function own(frame) {
  const [cmid, mine] = [...unsent].find(([cmid, one]) =>
    one.seq ? one.seq === frame.seq : cmid === frame.id || one.text === frame.text) ?? [];
  if (mine) {
    unsent.delete(cmid);
    settle(mine.line);
    stamp(mine.line, frame.at);
  }
  const line = mine?.line ?? bubble("user", frame.text, frame.at);
  if (log.lastChild !== line) place(line);
  if (question?.tagName === "FORM" && question.dataset.prompt === frame.prompt_id) close();
  else choose(frame.text);
}

function update({ seq, text }) {
  const body = $(`m${seq}`);
  body?.replaceChildren(body.firstChild, ...rich(text));
}

// --- questions -----------------------------------------------------------------------------

function fields({ seq, prompt_id, form: asked }) {
  if (entered.prompt !== prompt_id) entered = { prompt: prompt_id, values: {} };
  const onsend = (values, line) => {
    const open = asked.filter(({ secret }) => !secret).map(({ name }) => [name, values[name]]);
    entered.values = Object.fromEntries(open);
    speak({ type: "action", prompt_id, values }, line);
    close();
    words.focus();
  };
  question = form(asked, { id: `m${seq}`, given: entered.values, onsend });
  question.dataset.prompt = prompt_id;
  question.dataset.secret = asked.some(({ secret }) => secret);
  return question;
}

function buttons({ seq, prompt_id, choices }) {
  question = make("div", "choices");
  question.dataset.prompt = prompt_id;
  question.setAttribute("role", "group");
  question.setAttribute("aria-labelledby", `m${seq}`);
  for (const { label, value } of choices) {
    const choice = button(label);
    choice.onclick = (event) => {
      speak({ type: "action", prompt_id, value }, label);
      choose(label);
      if (event.detail === 0) words.focus(); // pressed by key: the focus must not fall off the page
    };
    question.append(choice);
  }
  return question;
}

// The open question got this answer: here, in another tab, or before the reload.
function choose(label) {
  const choice = [...(question?.querySelectorAll("button") ?? [])].find((one) => one.textContent === label);
  if (!choice) return;
  choice.setAttribute("aria-pressed", "true");
  close();
}

function close(why) {
  for (const one of question?.querySelectorAll("button, input, select") ?? []) one.disabled = true;
  if (why) question?.append(make("p", "closed", why));
  question = null;
}

// --- speaking ------------------------------------------------------------------------------

// 128 bits that nobody else will draw. `crypto.randomUUID` is missing on plain http, where a
// server in one's own network is often tried first.
function id() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
}

// Shown at once; kept until the server has it, and sent again with the same id after a gap.
function speak(fields, text) {
  const frame = { ...fields, cmid: id() };
  const line = bubble("user", text);
  line.classList.add("pending");
  line.append(make("span", "fate", "Sending …"));
  unsent.set(frame.cmid, { frame, line, text, seq: 0 });
  log.append(line);
  log.scrollTop = log.scrollHeight;
  awaiting = true;
  link.send(frame);
  tell();
}

function settle(line) {
  line.classList.remove("pending");
  line.querySelector(".fate")?.remove();
}

function acknowledged({ cmid, seq }) {
  const one = unsent.get(cmid);
  if (!one) return;
  one.seq = seq;
  settle(one.line);
  if (seq > last) return; // the line itself is still to come and will find its bubble
  one.line.remove(); // it came long ago: this was the repeat after a lost acknowledgement
  unsent.delete(cmid);
}

function refused({ cmid, message, retry_after: wait }) {
  const one = unsent.get(cmid);
  if (!one) return notice(message);
  if (wait) return void setTimeout(() => unsent.has(cmid) && link.send(one.frame), wait * 1000 + 200);
  unsent.delete(cmid);
  one.line.classList.replace("pending", "failed");
  one.line.querySelector(".fate").textContent = `Not sent: ${message}`;
  awaiting = false;
  tell();
}

// --- runs at work --------------------------------------------------------------------------

const ACTIVE = { queued: "Starting", running: "Working", waiting: "Waiting" };
const FINAL = {
  succeeded: "Finished", failed: "Could not be completed", interrupted: "Interrupted", cancelled: "Cancelled",
};

function progress(frame) {
  const active = frame.state in ACTIVE;
  if (!active && !runs.has(frame.run_id)) return; // it ended before we came: its result is a message
  const run = runs.get(frame.run_id) ?? panel(frame);
  if (frame.rev < run.rev) return;
  Object.assign(run, { rev: frame.rev, active });
  atEnd(() => {
    run.node.dataset.state = frame.state;
    run.state.textContent = ACTIVE[frame.state] ?? FINAL[frame.state] ?? frame.state;
    run.steps.replaceChildren(...frame.steps.filter(named).map(step));
    run.steps.scrollTop = run.steps.scrollHeight;
    run.cancel.hidden = !(frame.cancellable && active);
  });
  if (!active) setTimeout(() => removeRun(frame.run_id), 6000);
  tell();
}

function panel({ run_id, runbook, title }) {
  const [node, head, name] = [make("section", "run"), make("div", "head"), make("h2", "", title || runbook)];
  const run = { node, rev: 0, state: make("span", "how"), steps: make("ol"), cancel: button("Cancel", "quiet") };
  name.id = `r${run_id}`;
  node.setAttribute("aria-labelledby", name.id);
  run.cancel.append(make("span", "unseen", ` ${name.textContent}`));
  run.cancel.onclick = () => {
    run.cancel.disabled = link.send({ type: "cancel", cmid: id(), run_id });
  };
  head.append(name, run.state, run.cancel);
  node.append(head, run.steps);
  runs.set(run_id, run);
  atEnd(() => work.append(node));
  return run;
}

// A step whose author gave it neither title nor id, like `if-1`, tells a person nothing; a message
// step has spoken for itself.
function named({ id, kind, title }) {
  return title || (kind !== "chat_message" && !id.startsWith(`${kind.replaceAll("_", "-")}-`));
}

function step({ id: name, title, status }) {
  const shown = title || name[0].toUpperCase() + name.slice(1).replaceAll(/[-_]/g, " ");
  const item = make("li", status, shown);
  item.append(make("span", "unseen", `, ${status}`));
  return item;
}

function removeRun(id) {
  atEnd(() => runs.get(id)?.node.remove());
  runs.delete(id);
}

// --- the page around it --------------------------------------------------------------------

function tell() {
  const working = awaiting || [...runs.values()].some((run) => run.active);
  busy.textContent = working ? "The bot is working …" : "";
}

function finish() {
  close();
  awaiting = false;
  end(true);
  tell();
}

function end(ended) {
  const here = composer.contains(document.activeElement);
  [composer.hidden, over.hidden] = [ended, !ended];
  if (ended && here) again.focus(); // a hidden field cannot keep the focus
}

function welcome(frame) {
  keep({ token: frame.token, chat: frame.chat });
  for (const run of [...runs.keys()]) removeRun(run); // those still at work are sent again
  caughtUp = frame.seq;
  if (frame.resume !== "partial") clear();
  if (frame.resume === "reset") news = "Earlier messages are not shown.";
  if (news) notice(news);
  news = "";
  for (const one of unsent.values()) if (!one.seq) link.send(one.frame);
  words.maxLength = frame.limits.text;
  end(frame.ended);
  tell();
}

// The server sends everything that belongs here; only what it does not have yet stays.
function clear() {
  log.replaceChildren(...[...unsent.values()].filter((one) => !one.seq).map((one) => one.line));
  question = null;
  last = 0;
}

const TAKE = { welcome, message: show, note: show, update, ack: acknowledged, error: refused, progress };
const SAY = {
  connecting: () => "Connecting …",
  open: () => "Connected",
  waiting: (seconds) => `Connection lost. Trying again in ${seconds} s …`,
  refused: () => "This chat cannot be opened.",
};

const link = new Link({
  hello: () => ({ profile, token: kept.token, chat: kept.chat, last_seq: last, client: "page" }),
  onframe: (frame) => TAKE[frame.type]?.(frame),
  onstate: (now, seconds) => {
    state.textContent = SAY[now](seconds);
    state.dataset.state = now;
    if (now === "refused") end(true);
  },
  onnotoken: () => {
    forget();
    last = 0;
    news = "Your last chat has expired. This is a new one.";
  },
});

composer.onsubmit = (event) => {
  event.preventDefault();
  const text = words.value.trim();
  if (!text) return;
  words.value = "";
  grow();
  // Where a secret is asked for, words may be one: the server shows those that are not.
  speak({ type: "message", text }, question?.dataset.secret === "true" ? HIDDEN : text);
};

// Enter sends, Shift+Enter makes a line; in the middle of an input method's word it does neither.
words.onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
};

const grow = () => {
  words.style.height = "auto";
  words.style.height = `${words.scrollHeight + 2}px`;
};
words.oninput = grow;

again.onclick = () => {
  forget();
  clear();
  end(false);
  link.restart();
  words.focus();
};

link.connect();
