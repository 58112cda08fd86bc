import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Something in a file, with its line, from 1. */
export interface Located {
  text: string;
  line: number;
}

/** What the tests of the architecture look at in a TypeScript or JavaScript file. */
export interface SourceCode {
  /** Modules that the file imports, as written; type imports and `export … from` too. */
  imports: string[];
  /** Names that the file exports; a default export by its own name. */
  exports: string[];
  /** Every identifier: variables, properties, types, parameters, private members. */
  identifiers: Located[];
  /** Every string literal, and the text of every template literal with `…` in place of its expressions. */
  strings: Located[];
  /** Values of the property `summary` that are string or template literals. */
  summaries: Located[];
}

const ignoredFolders = new Set([
  'node_modules',
  '.git',
  '.cache',
  '.ringtrue',
  'coverage',
  'dist',
  'histories',
]);
const codeFile = /\.(m?[jt]s|tsx)$/;

/**
 * Files of the repository below a folder, as paths from its root; those that git ignores and recorded
 * histories excepted.
 */
export function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = relative(root, join(root, folder, entry.name));
    if (entry.isDirectory()) return ignoredFolders.has(entry.name) ? [] : filesIn(path);
    return entry.isFile() ? [path] : [];
  });
}

/**
 * The words of an identifier, a file name or a kind, in lower case: `callIdOf`, `call-id-of` and `call_id_of`
 * have three.
 */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** The code files among them. */
export function codeFilesIn(folder: string): string[] {
  return filesIn(folder).filter((file) => codeFile.test(file));
}

export function readFile(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Throws when the text is no valid TypeScript or JavaScript. */
export function parseCode(path: string, text = readFile(path)): SourceCode {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const code: SourceCode = { imports: [], exports: [], identifiers: [], strings: [], summaries: [] };
  const lineOf = lines(text);
  visit(program, (node) => {
    const line = lineOf(node.start);
    const source = node.source ?? (node.type === 'TSImportType' ? node.argument : undefined);
    if (isNode(source) && typeof source.value === 'string') code.imports.push(source.value);
    code.exports.push(...exportedBy(node));
    if (node.type === 'Identifier' || node.type === 'PrivateIdentifier')
      code.identifiers.push({ text: String(node.name), line });
    const string = stringOf(node);
    if (string !== null) code.strings.push({ text: string, line });
    if (node.type !== 'Property' || !isNode(node.key) || node.key.name !== 'summary') return;
    const summary = isNode(node.value) ? stringOf(node.value) : null;
    if (summary !== null) code.summaries.push({ text: summary, line });
  });
  return code;
}

interface Node {
  type: string;
  start: number;
  [field: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function visit(value: unknown, onNode: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, onNode);
  else if (isNode(value)) {
    onNode(value);
    for (const field of Object.values(value)) if (typeof field === 'object') visit(field, onNode);
  }
}

function stringOf(node: Node): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node.type !== 'TemplateLiteral') return null;
  const parts = node.quasis as { value: { cooked: string | null; raw: string } }[];
  return parts.map(({ value }) => value.cooked ?? value.raw).join('…');
}

function exportedBy(node: Node): string[] {
  if (node.type !== 'ExportNamedDeclaration' && node.type !== 'ExportDefaultDeclaration') return [];
  const names = ((node.specifiers ?? []) as Node[]).map(({ exported }) => exported);
  const declaration = node.declaration;
  if (isNode(declaration)) {
    names.push(declaration.id);
    const declarators = (declaration.declarations ?? []) as { id: Node }[];
    names.push(...declarators.flatMap(({ id }) => boundBy(id)));
  }
  return names.filter(isNode).flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
}

/** The variables of a declaration: a name, or those that a pattern takes out of an object. */
function boundBy(pattern: Node): unknown[] {
  if (pattern.type !== 'ObjectPattern') return [pattern];
  return (pattern.properties as Node[]).map(({ value }) => value);
}

/** The line of an offset, from 1. */
function lines(text: string): (offset: number) => number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
