// A form of a question: labelled fields, masked where they are secret. Every text that somebody
// wrote becomes a text node or an attribute, never markup.

export const HIDDEN = "•••";

function make(tag, more = {}, text = "") {
  const node = Object.assign(document.createElement(tag), more);
  node.textContent = text;
  return node;
}

// What may be typed or chosen in a field. Values travel as texts; the server reads them.
function input({ type, options, secret }) {
  if (options?.length) {
    const select = make("select");
    select.append(make("option", { value: "" }, "Please choose"));
    for (const { label, value } of options) select.append(make("option", { value }, label));
    return select;
  }
  const kind = secret ? "password" : type === "date" ? "date" : "text";
  const numbers = { integer: "numeric", number: "decimal" };
  return make("input", {
    type: kind,
    inputMode: numbers[type] ?? "",
    maxLength: 8000,
    autocomplete: secret ? "new-password" : "off",
  });
}

// `given`: what was entered in this form before. `onsend(values, line)`: the values by name, and
// the line that stands for them in the transcript.
export function form(fields, { id, given, onsend }) {
  const node = make("form", { className: "fields" });
  node.setAttribute("aria-labelledby", id);
  // A browser takes a password for one of an account, and misses the account's name.
  if (fields.some(({ secret }) => secret)) node.append(make("input", { hidden: true, autocomplete: "username" }));
  const entries = fields.map((field, number) => {
    const entry = Object.assign(input(field), { id: `${id}-${number}`, required: true });
    if (!field.secret) entry.value = given[field.name] ?? "";
    const label = make("label", { htmlFor: entry.id }, field.label);
    node.append(label, entry);
    if (field.hint) {
      const hint = make("p", { id: `${entry.id}-hint`, className: "hint" }, field.hint);
      entry.setAttribute("aria-describedby", hint.id);
      entry.before(hint);
    }
    return entry;
  });
  node.append(make("button", { type: "submit", className: "strong" }, "Send"));
  node.onsubmit = (event) => {
    event.preventDefault();
    const values = Object.fromEntries(fields.map(({ name }, number) => [name, entries[number].value]));
    const parts = fields.map(({ name, label, secret }) => `${label}: ${secret ? HIDDEN : values[name].trim()}`);
    onsend(values, parts.join(" · "));
    fields.forEach(({ secret }, number) => secret && (entries[number].value = ""));
  };
  return node;
}
