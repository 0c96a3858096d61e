// Shows openapi.json. Texts go in as text, never as markup.

/** An element with attributes and children; a text is a child, too. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child != null));
  return made;
}

/** What every route may answer, and is said once. */
const ALWAYS = ['401', '403', '429', '503'];

const code = (text) => element('code', {}, text);

/** A text in which `backticks` are code. */
function prose(text, name = 'p') {
  const parts = text.split('`').map((part, i) => (i % 2 ? code(part) : part));
  return element(name, {}, ...parts);
}

function table(head, rows) {
  if (!rows.length) return null;
  const line = (cell, cells) => element('tr', {}, ...cells.map((text) => element(cell, {}, text)));
  return element('table', {}, element('thead', {}, line('th', head)),
    element('tbody', {}, ...rows.map((row) => line('td', row))));
}

/** The type of a schema, in a word; a schema with a name of its own is a link. */
function type(schema) {
  if (!schema) return '';
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop();
    return element('a', { href: `#schema-${name}` }, name);
  }
  const many = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (many) {
    const parts = many.flatMap((part, i) => [i ? ' or ' : '', type(part)]);
    return element('span', {}, ...parts);
  }
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(', ');
  const names = [schema.type ?? 'anything'].flat().join(' or ');
  const inner = schema.items ?? schema.additionalProperties;
  if (inner && typeof inner === 'object') return element('span', {}, `${names} of `, type(inner));
  return schema.format ? `${names} (${schema.format})` : names;
}

/** The fields of a schema, those of its parts among them. */
function fields(schema) {
  const own = Object.entries(schema.properties ?? {}).map(([name, field]) => [
    code(name),
    type(field),
    (schema.required ?? []).includes(name) ? 'always' : '',
    prose(field.description ?? '', 'span'),
  ]);
  return (schema.allOf ?? []).flatMap((part) => (part.$ref
    ? [[type(part), '', '', 'and all of its fields']]
    : fields(part))).concat(own);
}

function example(schema, all) {
  if (schema?.$ref) return example(all[schema.$ref.split('/').pop()], all);
  if (!schema) return undefined;
  if (schema.example !== undefined) return schema.example;
  if (schema.properties) {
    const given = Object.entries(schema.properties)
      .filter(([name, field]) => (schema.required ?? []).includes(name) || field.example !== undefined)
      .map(([name, field]) => [name, example(field, all)]);
    return Object.fromEntries(given);
  }
  if (schema.oneOf) return example(schema.oneOf.find((part) => part.type !== 'null'), all);
  if (schema.type === 'array') return [example(schema.items, all)];
  return schema.enum?.[0] ?? schema.default ?? '…';
}

function curl(method, path, operation, all) {
  const words = ['curl'];
  if (method !== 'get') words.push(`-X ${method.toUpperCase()}`);
  words.push('-H "Authorization: Bearer $TOKEN"');
  const body = operation.requestBody?.content?.['application/json']?.schema;
  if (body && operation.requestBody.required) {
    words.push('--json', `'${JSON.stringify(example(body, all))}'`);
  }
  return words.concat(location.origin + path).join(' ');
}

function route(method, path, operation, all) {
  const scope = operation.security?.[0]?.token?.[0];
  const parameters = (operation.parameters ?? []).map((parameter) => [
    code(parameter.name), parameter.in, type(parameter.schema), prose(parameter.description ?? '', 'span'),
  ]);
  const body = operation.requestBody?.content?.['application/json']?.schema;
  const answers = Object.entries(operation.responses).filter(([status]) => !ALWAYS.includes(status)).map(([status, answer]) => {
    const [kind, content] = Object.entries(answer.content ?? {})[0] ?? [];
    return [status, prose(answer.description ?? '', 'span'), content?.schema ? type(content.schema) : kind ?? ''];
  });
  return element('article', { id: operation.operationId },
    element('h3', {}, element('span', { class: 'method' }, method.toUpperCase()), code(path)),
    element('p', {}, operation.summary ?? '', ' ', element('span', { class: 'scope' }, `(scope ${scope})`)),
    operation.description ? prose(operation.description) : null,
    table(['parameter', 'in', 'type', ''], parameters),
    body ? element('p', {}, 'Body: ', type(body)) : null,
    element('pre', {}, curl(method, path, operation, all)),
    table(['answer', '', ''], answers));
}

function show(api) {
  const all = api.components.schemas;
  const routes = Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path, operation })));
  const tags = [...new Set(routes.map(({ operation }) => operation.tags[0]))];
  document.getElementById('about').replaceWith(prose(`${api.info.description} Version ${api.info.version}.`),
    element('p', {}, 'For programs: ', element('a', { href: 'openapi.json' }, 'openapi.json')));
  for (const tag of tags) {
    document.getElementById('routes').append(element('h2', { id: tag }, tag));
    for (const { method, path, operation } of routes.filter((one) => one.operation.tags[0] === tag)) {
      document.getElementById('contents').append(element('a', { href: `#${operation.operationId}` },
        element('span', { class: 'method' }, method.toUpperCase()), code(path), ` ${operation.summary ?? ''}`));
      document.getElementById('routes').append(route(method, path, operation, all));
    }
  }
  document.getElementById('problems').append(element('h2', {}, 'problems'),
    element('p', { class: 'quiet' }, `Every route may answer ${ALWAYS.join(', ')}. `,
      'detail says the cause, and what to do.'),
    ...api['x-problems'].map(({ name, status, title }) =>
      element('p', { id: name }, code(`${status} ${name}`), ` ${title}`)));
  document.getElementById('schemas').append(element('h2', {}, 'schemas'),
    ...Object.entries(all).map(([name, schema]) => element('article', { id: `schema-${name}` },
      element('h3', {}, name), prose(schema.description ?? ''),
      table(['field', 'type', '', ''], fields(schema)) ?? element('p', {}, type(schema)))));
  // What the address names is there only now.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch('openapi.json')
  .then((answer) => answer.json())
  .then(show)
  .catch((error) => {
    document.getElementById('about').textContent = `openapi.json could not be shown: ${error}`;
  });
