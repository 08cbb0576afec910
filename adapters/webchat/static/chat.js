// The chat page: frames in, elements out. Every text that somebody wrote becomes a text node.

import { Link } from "./link.js";

const $ = (id) => document.getElementById(id);
const [log, work, busy, state, composer, words, over] =
  ["log", "work", "busy", "state", "composer", "words", "over"].map($);
const profile = $("chat").dataset.profile;

// --- what survives a reload of this tab, and nothing else ---------------------------------

const KEY = `cuebook:${profile}`;
const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") ?? {};
const keep = (more) => sessionStorage.setItem(KEY, JSON.stringify(Object.assign(kept, more)));
const forget = () => {
  for (const name of Object.keys(kept)) delete kept[name];
  sessionStorage.removeItem(KEY);
  quiet = 0;
};

// --- state ---------------------------------------------------------------------------------

let quiet = kept.last ?? 0; // up to here the lines were read before the reload: not read out again
let last = 0; // the highest seq on the page
let caughtUp = 0; // where the replay ends
let question = null; // the buttons of the open question
let awaiting = false; // we spoke and nobody has answered yet
const unsent = new Map(); // cmid -> {frame, bubble, text, seq}: ours, not yet back with a seq
const runs = new Map(); // run id -> its panel

// --- small things --------------------------------------------------------------------------

function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

const hidden = (text) => make("span", "unseen", text);

// Text with its web addresses as links: nothing else in it can become an element.
function rich(text) {
  const part = document.createDocumentFragment();
  for (const piece of text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/)) {
    if (/^https?:\/\//.test(piece) && URL.canParse?.(piece)) {
      const link = make("a", "", piece);
      link.href = piece;
      link.rel = "noopener noreferrer";
      link.target = "_blank";
      part.append(link);
    } else part.append(piece);
  }
  return part;
}

// Stays at the end, unless the person has scrolled back to read.
function atEnd(change) {
  const near = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  change();
  if (near) log.scrollTop = log.scrollHeight;
}

// --- lines ---------------------------------------------------------------------------------

const WHO = { user: "You", bot: "Bot", agent: "Agent" };

function bubble(kind, text, at) {
  const line = make("div", `line ${kind}`);
  const body = make("div", "bubble");
  body.append(hidden(`${WHO[kind] ?? "Progress"}: `), rich(text));
  line.append(body);
  if (at) line.append(stamp(at));
  return line;
}

function stamp(at) {
  const date = new Date(at);
  const time = make("time", "", date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = date.toISOString();
  return time;
}

function show(frame) {
  if (frame.seq <= last) return;
  last = frame.seq;
  // What was there before a reload is not read out a second time.
  log.setAttribute("aria-live", last <= quiet ? "off" : "polite");
  atEnd(() => (frame.type === "note" ? note(frame) : said(frame)));
  if (last >= caughtUp) keep({ last });
  tell();
}

function note(frame) {
  log.append(bubble("note", frame.text, frame.at));
}

function said(frame) {
  if (frame.from === "user") return own(frame);
  awaiting = false;
  const line = bubble(frame.from, frame.text, frame.at);
  line.querySelector(".bubble").id = `m${frame.seq}`;
  if (frame.prompt_id || frame.end) close("This question is closed.");
  if (frame.choices?.length) line.append(buttons(frame));
  log.append(line);
  if (frame.end) finish();
}

// Our own line comes back with its seq: the bubble that stands for it already takes it.
function own(frame) {
  const mine = [...unsent].find(([cmid, one]) =>
    one.seq ? one.seq === frame.seq : cmid === frame.id || one.text === frame.text);
  let line = bubble("user", frame.text, frame.at);
  if (mine) {
    const [cmid, one] = mine;
    unsent.delete(cmid);
    one.bubble.classList.remove("pending", "failed");
    one.bubble.querySelector(".fate")?.remove();
    one.bubble.append(stamp(frame.at));
    line = one.bubble;
  }
  if (log.lastChild !== line) log.append(line);
  choose(frame.text);
}

// --- questions -----------------------------------------------------------------------------

function buttons(frame) {
  const group = make("div", "choices");
  group.setAttribute("role", "group");
  group.setAttribute("aria-labelledby", `m${frame.seq}`);
  for (const { label, value } of frame.choices) {
    const button = make("button", "", label);
    button.type = "button";
    button.onclick = (event) => {
      speak({ type: "action", prompt_id: frame.prompt_id, value }, label);
      choose(label);
      if (event.detail === 0) words.focus(); // pressed by key: the focus must not fall off the page
    };
    group.append(button);
  }
  question = group;
  return group;
}

// The open question got this answer, here, in another tab or before the reload.
function choose(label) {
  const button = [...(question?.children ?? [])].find((one) => one.textContent === label);
  if (!button) return;
  button.setAttribute("aria-pressed", "true");
  close();
}

// An answered question says so by its pressed button, one that was passed over by words.
function close(why) {
  for (const button of question?.querySelectorAll("button") ?? []) button.disabled = true;
  if (why && question) question.append(make("p", "closed", why));
  question = null;
}

// --- speaking ------------------------------------------------------------------------------

// 122 bits that nobody else will draw. `crypto.randomUUID` is missing on plain http, where
// a server in one's own network is often tried first.
function id() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
}

function speak(frame, text) {
  const cmid = id();
  const line = bubble("user", text);
  line.classList.add("pending");
  line.append(make("span", "fate", "Sending …"));
  unsent.set(cmid, { frame: { ...frame, cmid }, bubble: line, text, seq: 0 });
  log.append(line);
  log.scrollTop = log.scrollHeight;
  awaiting = true;
  link.send({ ...frame, cmid });
  tell();
}

function acknowledged({ cmid, seq }) {
  const one = unsent.get(cmid);
  if (!one) return;
  one.seq = seq;
  one.bubble.classList.remove("pending");
  one.bubble.querySelector(".fate")?.remove();
  if (seq > last) return; // the line itself is still to come and will find its bubble
  one.bubble.remove(); // it came long ago, and this was the repeat after a lost acknowledgement
  unsent.delete(cmid);
}

function refused({ cmid, message, retry_after: wait }) {
  const one = unsent.get(cmid);
  if (!one) return message && notice(message);
  awaiting = false;
  tell();
  if (wait) return setTimeout(() => unsent.has(cmid) && link.send(one.frame), wait * 1000 + 200);
  unsent.delete(cmid);
  one.bubble.classList.add("failed");
  one.bubble.querySelector(".fate").textContent = `Not sent: ${message}`;
}

function notice(text) {
  atEnd(() => log.append(make("p", "notice", text)));
}

// --- runs at work --------------------------------------------------------------------------

const STATES = {
  queued: "Starting", running: "Working", waiting: "Waiting", succeeded: "Finished",
  failed: "Could not be completed", interrupted: "Interrupted", cancelled: "Cancelled",
};
const FINAL = new Set(["succeeded", "failed", "interrupted", "cancelled"]);
const STEP = { working: "working", done: "done", failed: "failed" };

function progress(frame) {
  let run = runs.get(frame.run_id);
  if (run && frame.rev < run.rev) return;
  if (!run && FINAL.has(frame.state)) return;
  run ??= panel(frame);
  Object.assign(run, { rev: frame.rev, active: !FINAL.has(frame.state) });
  run.node.dataset.state = frame.state;
  run.state.textContent = STATES[frame.state] ?? frame.state;
  run.steps.replaceChildren(...frame.steps.map(step));
  run.steps.scrollTop = run.steps.scrollHeight;
  run.cancel.hidden = !(frame.cancellable && run.active);
  if (!run.active) setTimeout(() => removeRun(frame.run_id), 6000); // its result is a message
  tell();
}

function panel(frame) {
  const node = make("section", "run");
  const head = make("div", "head");
  const title = make("h2", "", frame.title || frame.runbook);
  const run = { node, state: make("span", "how"), steps: make("ol"), cancel: make("button", "quiet", "Cancel") };
  title.id = `r${frame.run_id}`;
  node.setAttribute("aria-labelledby", title.id);
  run.cancel.type = "button";
  run.cancel.append(hidden(` ${title.textContent}`));
  run.cancel.onclick = () => {
    run.cancel.disabled = link.send({ type: "cancel", cmid: id(), run_id: frame.run_id });
  };
  head.append(title, run.state, run.cancel);
  node.append(head, run.steps);
  runs.set(frame.run_id, run);
  atEnd(() => work.append(node));
  return run;
}

function step({ id: name, title, status }) {
  const item = make("li", STEP[status] ?? "");
  item.append(title || name.replaceAll("_", " "), hidden(`, ${status}`));
  return item;
}

function removeRun(id) {
  runs.get(id)?.node.remove();
  runs.delete(id);
}

// --- the page around it --------------------------------------------------------------------

function tell() {
  const working = [...runs.values()].some((run) => run.active);
  const text = working || awaiting ? "The bot is working …" : "";
  if (busy.textContent !== text) busy.textContent = text;
}

function finish() {
  close();
  awaiting = false;
  composer.hidden = true;
  over.hidden = false;
  tell();
}

function welcome(frame) {
  keep({ token: frame.token, chat: frame.chat });
  for (const run of [...runs.keys()]) removeRun(run); // those still at work are sent again
  caughtUp = frame.seq;
  if (frame.resume !== "partial") clear();
  if (frame.resume === "reset") notice("Earlier messages are not shown.");
  for (const { frame: again, seq } of unsent.values()) if (!seq) link.send(again);
  words.maxLength = frame.limits.text;
  composer.hidden = frame.ended;
  over.hidden = !frame.ended;
}

// The server sends everything that belongs here; only what it does not have yet stays.
function clear() {
  log.replaceChildren(...[...unsent.values()].filter((one) => !one.seq).map((one) => one.bubble));
  question = null;
  last = 0;
}

const TAKE = { welcome, message: show, note: show, ack: acknowledged, error: refused, progress };

const SAY = {
  connecting: () => "Connecting …",
  open: () => "Connected",
  waiting: (seconds) => `Connection lost. Trying again in ${seconds} s …`,
  refused: () => "This chat cannot be opened here.",
};

const link = new Link({
  hello: () => ({ profile, token: kept.token, chat: kept.chat, last_seq: last, client: "page" }),
  onframe: (frame) => TAKE[frame.type]?.(frame),
  onstate: (now, seconds) => {
    state.textContent = SAY[now](seconds);
    state.dataset.state = now;
    if (now === "refused") {
      forget();
      composer.hidden = true;
      over.hidden = false;
    }
  },
  onnotoken: () => {
    forget();
    unsent.clear();
    clear();
    notice("Your last chat has expired. This is a new one.");
  },
});

composer.onsubmit = (event) => {
  event.preventDefault();
  const text = words.value.trim();
  if (!text) return;
  words.value = "";
  grow();
  speak({ type: "message", text }, text);
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

$("again").onclick = () => {
  forget();
  unsent.clear();
  clear();
  for (const run of [...runs.keys()]) removeRun(run);
  over.hidden = true;
  composer.hidden = false;
  link.restart();
  words.focus();
};

link.connect();
