"use strict";

// Every text of the document and of an answer goes in as text; nothing here makes HTML of it.

const METHODS = ["get", "post", "put", "patch", "delete"];
const base = location.pathname.replace(/\/docs\/?$/, "");
let api = {};

/** An element with properties and children; a string is text. */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) {
      made[key] = value;
    } else {
      made.setAttribute(key, value);
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** What a reference means; anything else is itself. */
function resolve(value) {
  if (!value || !value.$ref) {
    return value ?? {};
  }
  const names = value.$ref.slice(2).split("/");
  const parts = names.map((name) => decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~"));
  const found = parts.reduce((at, name) => at?.[name], api) ?? {};
  const { $ref, ...beside } = value;
  return { ...found, ...beside };
}

function typeOf(schema) {
  const types = [schema.type ?? []].flat().filter((type) => type !== "null");
  return types[0] ?? (schema.properties ? "object" : undefined);
}

/** A value that the schema allows, as far as that can be told by looking. */
function example(of, depth = 0) {
  const schema = resolve(of);
  if (depth > 8 || schema === true) {
    return null;
  }
  if (schema.examples?.length) {
    return schema.examples[0];
  }
  for (const key of ["example", "const", "default"]) {
    if (schema[key] !== undefined && schema[key] !== null) {
      return schema[key];
    }
  }
  if (schema.enum) {
    return schema.enum[0];
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) {
    return example(alternatives.find((one) => one.type !== "null") ?? {}, depth + 1);
  }
  switch (typeOf(schema)) {
    case "object": {
      const made = {};
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        made[name] = example(property, depth + 1);
      }
      return made;
    }
    case "array":
      return schema.items ? [example(schema.items, depth + 1)] : [];
    case "integer":
    case "number":
      return Math.max(schema.minimum ?? 0, Math.min(1, schema.maximum ?? 1));
    case "boolean":
      return false;
    case "string":
      return exampleText(schema);
    default:
      return null;
  }
}

function exampleText(schema) {
  const known = {
    "date-time": "2026-01-31T12:00:00Z",
    date: "2026-01-31",
    email: "ana@example.com",
    uri: "https://example.com/",
    uuid: "01890a5d-ac96-774b-bcce-b302099a8057",
  };
  return known[schema.format] ?? "text".padEnd(schema.minLength ?? 0, "x").slice(0, schema.maxLength ?? 4000);
}

/** A type in a few words: `integer, 1 to 100`. */
function words(of) {
  const schema = resolve(of);
  if (schema.const !== undefined) {
    return JSON.stringify(schema.const);
  }
  if (schema.enum) {
    return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) {
    return alternatives.map(words).join(" or ");
  }
  const said = [[schema.type ?? "anything"].flat().join(" or ")];
  if (schema.type === "array" && schema.items) {
    said[0] = `array of ${words(schema.items)}`;
  }
  const range = (least, most, unit) => {
    if (least !== undefined && most !== undefined) {
      said.push(`${least} to ${most}${unit}`);
    } else if (least !== undefined) {
      said.push(`at least ${least}${unit}`);
    } else if (most !== undefined) {
      said.push(`at most ${most}${unit}`);
    }
  };
  range(schema.minimum, schema.maximum, "");
  range(schema.minLength, schema.maxLength, " characters");
  if (schema.format) {
    said.push(schema.format);
  }
  // A longer one is for programs; it stands in the document.
  if (schema.pattern?.length <= 40) {
    said.push(`as ${schema.pattern}`);
  }
  return said.join(", ");
}

/** The operations of the document, in groups by their first tag. */
function groups() {
  const found = new Map();
  for (const [path, item] of Object.entries(api.paths ?? {})) {
    for (const method of METHODS.filter((name) => item[name])) {
      const operation = item[method];
      const tag = operation.tags?.[0] ?? "other";
      const key = operation.operationId ?? `${method}${path}`.replaceAll(/[^A-Za-z0-9]+/g, "-");
      found.set(tag, [...(found.get(tag) ?? []), { method, path, operation, key }]);
    }
  }
  return found;
}

function operationElement(entry) {
  const { method, path, operation, key } = entry;
  const summary = element(
    "summary",
    {},
    element("span", { className: "method" }, method.toUpperCase()),
    element("span", { className: operation.security ? "path locked" : "path" }, path),
    ` ${operation.summary ?? ""}`,
  );
  const inside = element("div", { className: "inside" });
  const details = element("details", { className: "operation", id: `op-${key}` }, summary, inside);
  details.addEventListener("toggle", () => {
    if (details.open && !inside.hasChildNodes()) {
      inside.append(...insideOf(entry));
    }
  });
  return details;
}

function insideOf(entry) {
  const { operation } = entry;
  const rule = element("p", { className: "rule" }, `Access rule: ${operation["x-access-rule"] ?? ""}`);
  const text = operation.description ? element("p", {}, operation.description) : null;
  return [text, rule, tryIt(entry), element("h3", {}, "Answers"), answersTable(operation)].filter(Boolean);
}

function answersTable(operation) {
  const rows = Object.entries(operation.responses ?? {}).map(([status, of]) => {
    const answer = resolve(of);
    const cell = element("td", {}, answer.description ?? "");
    for (const [mediaType, content] of Object.entries(answer.content ?? {})) {
      const shown = mediaType.includes("json") ? JSON.stringify(example(content.schema), null, 2) : null;
      const label = element("summary", {}, mediaType);
      cell.append(shown ? element("details", {}, label, element("pre", {}, shown)) : element("p", {}, mediaType));
    }
    return element("tr", {}, element("th", { scope: "row" }, status), cell);
  });
  return element("table", { className: "answers" }, element("tbody", {}, ...rows));
}

function field(key, parameter) {
  const id = `${key}-${parameter.in}-${parameter.name}`;
  const label = element("span", { className: parameter.required ? "required" : "" }, parameter.name);
  const schema = resolve(parameter.schema);
  const said = [`${parameter.in}: ${words(schema)}`, parameter.description].filter(Boolean).join(". ");
  const input = element("input", {
    id,
    name: parameter.name,
    autocomplete: "off",
    spellcheck: false,
    required: parameter.required === true,
    "aria-describedby": `${id}-note`,
  });
  input.dataset.in = parameter.in;
  const note = element("span", { className: "note", id: `${id}-note` }, said);
  return element("div", {}, element("label", { htmlFor: id }, label, input), note);
}

function bodyField(key, requestBody) {
  const content = requestBody?.content?.["application/json"];
  if (!content) {
    return null;
  }
  const id = `${key}-body`;
  const schema = resolve(content.schema);
  const required = schema.required ?? [];
  const rows = Object.entries(schema.properties ?? {}).map(([name, of]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row", className: required.includes(name) ? "required" : "" }, name),
      element("td", {}, words(of)),
      element("td", {}, resolve(of).description ?? ""),
    ),
  );
  const area = element("textarea", { id, spellcheck: false }, JSON.stringify(example(schema), null, 2));
  return element(
    "div",
    {},
    element("h3", {}, "Body"),
    element("table", { className: "members" }, element("tbody", {}, ...rows)),
    element("label", { htmlFor: id }, "JSON", area),
  );
}

function tryIt(entry) {
  const { operation, key } = entry;
  const parameters = (operation.parameters ?? []).map(resolve);
  const fields = parameters.map((parameter) => field(key, parameter));
  const answer = element("div", { id: `${key}-answer`, className: "answer", "aria-live": "polite" });
  const send = element("button", { id: `${key}-send`, type: "submit" }, "Send");
  const form = element(
    "form",
    { id: `${key}-form`, "aria-label": `Try ${entry.method.toUpperCase()} ${entry.path}` },
    fields.length ? element("h3", {}, "Parameters") : null,
    element("div", { className: "fields" }, ...fields),
    bodyField(key, operation.requestBody),
    send,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    answer.replaceChildren(element("p", {}, "Waiting for the answer."));
    answer.replaceChildren(...(await call(entry, form)));
    send.disabled = false;
    send.focus();
  });
  return element("div", {}, form, answer);
}

/** The request that the fields of a form say. */
function request({ method, path, operation, key }, form) {
  const headers = {};
  const query = new URLSearchParams();
  let target = path;
  for (const input of form.querySelectorAll("input")) {
    const { name, value } = input;
    if (input.dataset.in === "path") {
      target = target.replace(`{${name}}`, encodeURIComponent(value));
    } else if (value !== "" && input.dataset.in === "query") {
      query.append(name, value);
    } else if (value !== "") {
      headers[name] = value;
    }
  }
  const token = document.getElementById("token").value.trim();
  if (operation.security && token) {
    headers.authorization = `Bearer ${token}`;
  }
  const body = form.querySelector("textarea")?.value;
  if (body !== undefined) {
    headers["content-type"] = "application/json";
  }
  const search = query.size ? `?${query}` : "";
  return [base + target + search, { method: method.toUpperCase(), headers, body, cache: "no-store" }];
}

async function call(entry, form) {
  const began = performance.now();
  try {
    const [url, options] = request(entry, form);
    const response = await fetch(url, options);
    const text = await response.text();
    const took = Math.round(performance.now() - began);
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    const status = element("strong", { className: response.ok ? "good" : "bad" }, String(response.status));
    return [
      element("h3", {}, "Answer"),
      element("p", { className: "answer-status" }, status, ` ${response.statusText} after ${took} ms, ${options.method} ${url}`),
      element("pre", { className: "answer-headers", tabIndex: 0 }, headers),
      element("pre", { className: "answer-body", tabIndex: 0 }, pretty(text)),
    ];
  } catch (error) {
    return [element("p", { className: "bad answer-status" }, `No answer: ${error.message}`)];
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function filter(text) {
  const wanted = text.trim().toLowerCase();
  for (const group of document.querySelectorAll("#operations > section")) {
    let shown = 0;
    for (const details of group.querySelectorAll("details.operation")) {
      details.hidden = !details.firstChild.textContent.toLowerCase().includes(wanted);
      shown += details.hidden ? 0 : 1;
    }
    group.hidden = shown === 0;
  }
}

async function start() {
  const state = document.getElementById("state");
  try {
    const response = await fetch(`${base}/openapi.json`);
    if (!response.ok) {
      throw new Error(`the document was answered with ${response.status}`);
    }
    api = await response.json();
  } catch (error) {
    state.textContent = `The document cannot be loaded: ${error.message}`;
    return;
  }
  document.title = api.info.title;
  document.getElementById("title").textContent = api.info.title;
  document.getElementById("version").textContent = api.info.version;
  document.getElementById("description").textContent = api.info.description ?? "";
  let count = 0;
  for (const [tag, entries] of groups()) {
    const operations = entries.map(operationElement);
    count += operations.length;
    const heading = element("h2", {}, tag);
    document.getElementById("operations").append(element("section", {}, heading, ...operations));
  }
  state.textContent = `${count} operations`;
  document.getElementById("filter").addEventListener("input", (event) => filter(event.target.value));
  const linked = location.hash && document.getElementById(location.hash.slice(1));
  if (linked) {
    linked.open = true;
    linked.scrollIntoView();
  }
}

start();
