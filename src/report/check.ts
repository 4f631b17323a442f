/**
 * A quick answer to "is this a report as the schema says?". valibot copies what it looks at; of a report of 8 MiB that is a million objects, and
 * more time than reading it. The schema is walked once and becomes functions that only look. There is no second description: what a
 * kind of schema means here is what it means to valibot, and when the answer is no, valibot is asked and says why.
 */
import type * as v from 'valibot';

/** True: valibot would accept the value and give back an equal one. False: ask valibot. */
type Check = (value: unknown) => boolean;

/** What is looked at of valibot's schemas; their fields are documented as public. */
interface SchemaNode {
  readonly type: string;
  readonly entries?: Readonly<Record<string, SchemaNode>>;
  readonly item?: SchemaNode;
  readonly wrapped?: SchemaNode;
  readonly key?: SchemaNode;
  readonly value?: SchemaNode;
  readonly options?: readonly unknown[];
  readonly getter?: (input: unknown) => SchemaNode;
  readonly pipe?: readonly SchemaNode[];
}

/** @throws Error for a kind of schema that no report has used so far */
export function compileCheck(schema: v.GenericSchema): Check {
  return compile(schema, new Map());
}

function compile(schema: SchemaNode, known: Map<SchemaNode, Check>): Check {
  const before = known.get(schema);
  if (before !== undefined) return before;
  // Schemas refer to themselves: by the time this one is called it is there.
  let check: Check = () => false;
  known.set(schema, (value) => check(value));
  check = schema.pipe === undefined ? compileKind(schema, known) : compilePipe(schema.pipe, known);
  known.set(schema, check);
  return check;
}

function compilePipe(
  [first, ...actions]: readonly SchemaNode[],
  known: Map<SchemaNode, Check>,
): Check {
  if (first === undefined || actions.some(({ type }) => type !== 'integer'))
    throw unknownKind('pipe');
  const check = compileKind(first, known);
  return (value) => check(value) && Number.isInteger(value);
}

function compileKind(schema: SchemaNode, known: Map<SchemaNode, Check>): Check {
  switch (schema.type) {
    case 'string':
      return (value) => typeof value === 'string';
    case 'number':
      return (value) => typeof value === 'number' && !Number.isNaN(value);
    case 'boolean':
      return (value) => typeof value === 'boolean';
    case 'picklist': {
      const options = new Set(schema.options);
      return (value) => options.has(value);
    }
    case 'array': {
      const item = compile(part(schema.item), known);
      return (value) => Array.isArray(value) && value.every(item);
    }
    case 'loose_object':
      return compileObject(part(schema.entries), known);
    case 'record': {
      if (schema.key?.type !== 'string') throw unknownKind('record');
      const entry = compile(part(schema.value), known);
      return (value) => isMap(value) && Object.values(value).every(entry);
    }
    case 'union': {
      const options = part(schema.options).map((one) => compile(one as SchemaNode, known));
      return (value) => options.some((option) => option(value));
    }
    case 'lazy': {
      const { getter } = schema;
      let target: Check | undefined;
      return (value) => (target ??= compile(part(getter)(value), known))(value);
    }
    default:
      throw unknownKind(schema.type);
  }
}

function compileObject(
  entries: Readonly<Record<string, SchemaNode>>,
  known: Map<SchemaNode, Check>,
): Check {
  const fields = Object.entries(entries).map(([name, schema]) => {
    const isOptional = schema.type === 'exact_optional';
    return { name, isOptional, check: compile(isOptional ? part(schema.wrapped) : schema, known) };
  });
  return (value) => {
    if (!isMap(value)) return false;
    for (const { name, isOptional, check } of fields) {
      const field = value[name];
      // What was decoded has no undefined values: such a field is absent.
      if (field === undefined ? !isOptional || name in value : !check(field)) return false;
    }
    return true;
  };
}

/** Maps as they are decoded. Names that valibot takes out of them for safety are for valibot. */
function isMap(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    (value as Record<string, unknown>)['constructor'] === Object &&
    (value as Record<string, unknown>)['prototype'] === undefined
  );
}

function part<T>(found: T | undefined): T {
  if (found === undefined) throw unknownKind('part');
  return found;
}

function unknownKind(type: string): Error {
  return new Error(`no quick check for a schema of the type ${type}`);
}
