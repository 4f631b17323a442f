/**
 * The strict view of the report schema. Readers accept fields they do not know; what we write ourselves must
 * have none, or a misspelt field would go unnoticed for ever.
 */
import assert from 'node:assert/strict';
import * as v from 'valibot';
import { Report } from '#dist/report/schema.js';

/** The parts of a valibot schema object that the walk looks at. */
interface SchemaNode {
  readonly type: string;
  readonly entries?: Readonly<Record<string, SchemaNode>>;
  readonly item?: SchemaNode;
  readonly wrapped?: SchemaNode;
  readonly value?: SchemaNode;
  readonly options?: readonly SchemaNode[];
  readonly getter?: (input: unknown) => SchemaNode;
}

function walkObject(schema: SchemaNode, input: object, path: string, unknown: string[]): void {
  const { entries } = schema;
  if (entries === undefined || Object.keys(entries).length === 0) return; // described as open
  for (const [key, value] of Object.entries(input)) {
    const where = path === '' ? key : `${path}.${key}`;
    const entry = entries[key];
    if (entry !== undefined) walk(entry, value, where, unknown);
    else unknown.push(where);
  }
}

function walk(schema: SchemaNode, input: unknown, path: string, unknown: string[]): void {
  switch (schema.type) {
    case 'loose_object':
    case 'object':
    case 'strict_object':
      if (typeof input === 'object' && input !== null) walkObject(schema, input, path, unknown);
      break;
    case 'array':
      if (Array.isArray(input) && schema.item !== undefined) {
        for (const [index, item] of input.entries()) {
          walk(schema.item, item, `${path}.${String(index)}`, unknown);
        }
      }
      break;
    case 'record':
      for (const [key, value] of Object.entries((input ?? {}) as Record<string, unknown>)) {
        if (schema.value !== undefined) walk(schema.value, value, `${path}.${key}`, unknown);
      }
      break;
    case 'exact_optional':
    case 'optional':
    case 'nullable':
      if (schema.wrapped !== undefined) walk(schema.wrapped, input, path, unknown);
      break;
    case 'lazy':
      if (schema.getter !== undefined) walk(schema.getter(input), input, path, unknown);
      break;
    default: // scalars, picklists, and unions of scalars hold no fields
  }
}

/** Paths of the fields that the schema does not know. */
export function findUnknownFields(report: unknown): string[] {
  const unknown: string[] = [];
  walk(Report as unknown as SchemaNode, report, '', unknown);
  return unknown;
}

/** Fails on anything that is not exactly a report. @returns the report, typed */
export function assertStrictReport(input: unknown): Report {
  const result = v.safeParse(Report, input);
  if (!result.success) {
    assert.fail(
      `not a report: ${result.issues
        .map((issue) => `${v.getDotPath(issue) ?? '(top)'}: ${issue.message}`)
        .join('; ')}`,
    );
  }
  assert.deepEqual(findUnknownFields(input), [], 'fields that report/schema.ts does not know');
  return result.output;
}
