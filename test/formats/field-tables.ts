/**
 * The tables of fields in docs/report-format.md, from src/report/schema.ts: names, types and the comments that stand there. `npm run docs`
 * writes them; json-schema.test.ts compares.
 */
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import * as schema from '#dist/report/schema.js';
import { root } from '../harness/paths.ts';
import { fieldWords } from './field-words.ts';

export const formatPage = path.join(root, 'docs/report-format.md');
const source = path.join(root, 'src/report/schema.ts');
const begin = '<!-- fields: made of src/report/schema.ts by `npm run docs` -->';
const end = '<!-- end of fields -->';

/** One row of a table. */
interface FieldRow {
  readonly name: string;
  readonly type: string;
  readonly meaning: string;
}

/** One kind of map. */
interface FieldTable {
  readonly name: string;
  readonly about: string;
  readonly rows: readonly FieldRow[];
}

/** Numbers with a meaning, and picklists with a name, as the tables call them. */
const scalars = new Map([
  ['Milliseconds', 'number'],
  ['Tid', 'integer'],
]);

/** Fields that have neither comment nor words. */
const unsaid: string[] = [];

/** All maps of the schema, the report first. @throws Error for a field without a comment: the page would not tell what it is */
export function readFieldTables(): FieldTable[] {
  const file = ts.createSourceFile(
    source,
    fs.readFileSync(source, 'utf8'),
    ts.ScriptTarget.ES2022,
    true,
  );
  const interfaces = new Map<string, ts.InterfaceDeclaration>();
  const tables: FieldTable[] = [];
  for (const statement of file.statements) {
    if (ts.isInterfaceDeclaration(statement)) interfaces.set(statement.name.text, statement);
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      const call = initializer === undefined ? null : callOf(initializer);
      if (call?.name !== 'looseObject') continue;
      const known = interfaces.get(name.getText());
      const about = commentOf(statement) || (known === undefined ? '' : commentOf(known));
      const comments = new Map(
        known?.members.map((member) => [member.name?.getText() ?? '', commentOf(member)]),
      );
      tables.push({
        name: name.getText(),
        about,
        rows: rowsOf(name.getText(), call.args[0], '', comments),
      });
    }
  }
  if (unsaid.length > 0) {
    throw new Error(
      `neither src/report/schema.ts nor field-words.ts says what these are: ${unsaid.join(', ')}`,
    );
  }
  return [
    ...tables.filter(({ name }) => name === 'Report'),
    ...tables.filter(({ name }) => name !== 'Report'),
  ];
}

/** Rows of a map; those of maps inside it follow, named by their way. */
function rowsOf(
  table: string,
  entries: ts.Expression | undefined,
  prefix: string,
  comments: ReadonlyMap<string, string>,
): FieldRow[] {
  if (entries === undefined || !ts.isObjectLiteralExpression(entries)) return [];
  return entries.properties.flatMap((property) => {
    if (ts.isSpreadAssignment(property)) {
      const [other = ''] = property.expression.getText().split('.');
      return [{ name: `${prefix}…`, type: `as in ${other}`, meaning: `all fields of ${other}` }];
    }
    if (!ts.isPropertyAssignment(property)) throw new Error(`not a field: ${property.getText()}`);
    const name = `${prefix}${property.name.getText()}`;
    const { type, values, inner, isList } = describe(property.initializer);
    const comment =
      [
        commentOf(property),
        comments.get(name),
        fieldWords[`${table}.${name}`],
        fieldWords[name],
      ].find((words) => words !== undefined && words !== '') ?? '';
    const choices = values.length > 0 ? values.map((value) => `\`${value}\``).join(', ') : '';
    const meaning = [comment, choices].filter((words) => words !== '').join(' ');
    if (meaning === '') unsaid.push(`${table}.${name}`);
    const rows =
      inner === undefined ? [] : rowsOf(table, inner, `${name}${isList ? '[]' : ''}.`, new Map());
    return [{ name, type, meaning }, ...rows];
  });
}

interface TypeWords {
  readonly type: string;
  /** Of a picklist. */
  readonly values: readonly string[];
  /** Entries of a map without a name of its own. */
  readonly inner?: ts.Expression;
  readonly isList?: boolean;
}

function describe(expression: ts.Expression): TypeWords {
  if (ts.isIdentifier(expression)) {
    const values = valuesOf(expression.text);
    if (values !== null) return { type: 'string', values };
    return { type: scalars.get(expression.text) ?? expression.text, values: [] };
  }
  const call = callOf(expression);
  const [first] = call?.args ?? [];
  if (call === null) throw new Error(`no words for ${expression.getText()}`);
  if (call.name === 'record')
    return { type: `map of ${describe(call.args[1] ?? expression).type}s`, values: [] };
  if (call.name === 'looseObject') {
    const isOpen =
      first !== undefined && ts.isObjectLiteralExpression(first) && first.properties.length === 0;
    return { type: 'map', values: [], ...(!isOpen && first !== undefined && { inner: first }) };
  }
  if (first === undefined) return { type: call.name, values: [] }; // string, number, boolean
  switch (call.name) {
    case 'exactOptional': {
      const wrapped = describe(first);
      return { ...wrapped, type: `${wrapped.type}, optional` };
    }
    case 'array': {
      const item = describe(first);
      return { ...item, type: `${item.type}[]`, isList: true };
    }
    case 'picklist':
      return { type: 'string', values: listOf(first) };
    case 'pipe': // a type, and what it must be besides
      return describe(first);
    case 'lazy':
      return describe((first as ts.ArrowFunction).body as ts.Expression);
    case 'union':
      return {
        type: (first as ts.ArrayLiteralExpression).elements
          .map((one) => describe(one).type)
          .join(' or '),
        values: [],
      };
    default:
      throw new Error(`no words for v.${call.name}()`);
  }
}

/** Words of a picklist: they stand there, or in lists that are exported. */
function listOf(expression: ts.Expression): string[] {
  if (ts.isStringLiteral(expression)) return [expression.text];
  if (ts.isSpreadElement(expression)) return listOf(expression.expression);
  if (ts.isArrayLiteralExpression(expression)) return expression.elements.flatMap(listOf);
  const list: unknown = (schema as Record<string, unknown>)[expression.getText()];
  if (!Array.isArray(list)) throw new Error(`no list ${expression.getText()}`);
  return list.map(String);
}

/** Of an exported picklist. */
function valuesOf(name: string): string[] | null {
  const exported = (schema as Record<string, unknown>)[name] as
    { type?: string; options?: unknown[] } | undefined;
  return exported?.type === 'picklist' ? (exported.options ?? []).map(String) : null;
}

/** The name and arguments of a call of valibot. */
function callOf(
  expression: ts.Expression,
): { name: string; args: readonly ts.Expression[] } | null {
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression))
    return null;
  return { name: expression.expression.name.text, args: expression.arguments };
}

function commentOf(node: ts.Node): string {
  const [doc] = ts.getJSDocCommentsAndTags(node);
  const comment =
    doc === undefined || !ts.isJSDoc(doc) ? '' : ts.getTextOfJSDocComment(doc.comment);
  return (comment ?? '').replace(/\s+/g, ' ').trim();
}

/** The page with the tables as they should be. @param page as it is */
export function withFieldTables(page: string): string {
  const text = readFieldTables().map(({ name, about, rows }) => {
    const lines = rows.map(({ name: field, type, meaning }) => [`\`${field}\``, type, meaning]);
    return [`## ${name}`, ...(about === '' ? [] : [about]), renderTable(lines)].join('\n\n');
  });
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${formatPage} has no place for the fields`);
  return `${page.slice(0, from + begin.length)}\n\n${text.join('\n\n')}\n\n${page.slice(to)}`;
}

function renderTable(rows: readonly (readonly string[])[]): string {
  const cells = [['field', 'type', 'meaning'], ...rows].map((row) =>
    row.map((cell) => cell.replaceAll('|', '\\|')),
  );
  const widths = [0, 1, 2].map((column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  const lines = cells.map(
    (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`,
  );
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return lines.join('\n');
}
