/**
 * Takes secrets out of values as they were seen: by the names of variables and properties, by names that stand beside their values
 * (secret-pairs.cts), and by the look of the texts. Pure: makes copies.
 */
import type { Value, Variable } from './schema.ts';
import { redactedText } from './secret-names.cts';
import {
  factsByName,
  holdsName,
  holdsValue,
  type ListFacts,
  type ListItem,
  secretsInList,
} from './secret-pairs.cts';
import { type RedactionTally, redactText } from './secrets.cts';

/** Types of values that are no secret under any name: they say nothing, or only what code is there. */
const tellNothing = new Set(['undefined', 'null', 'boolean', 'function', 'unknown', 'symbol']);

/** Variables of one scope. */
export function redactVariables(variables: readonly Variable[], tally: RedactionTally): Variable[] {
  return variables.map((variable) => {
    const { name, original, value } = variable;
    // A minified name hides what its value is.
    const telling = original !== undefined && tally.isSecretName(original) ? original : name;
    return { ...variable, value: redactNamedValue(telling, value, tally) };
  });
}

/** What is kept under a name. */
export function redactNamedValue(name: string, value: Value, tally: RedactionTally): Value {
  const secretName = tally.isSecretName(name) ? name : null;
  return redactValue(value, { secretName, facts: factsOf({ name, value }) }, tally);
}

/** What is known of a value by where it stands. */
interface Whereabouts {
  /** The name that makes this value, and every string and number inside it, a secret. */
  readonly secretName: string | null;
  /** Of a list: whether it holds names and values in turn. */
  readonly facts?: ListFacts | undefined;
}

/** A value under no name of its own. */
export function redactValue(
  value: Value,
  { secretName, facts }: Whereabouts,
  tally: RedactionTally,
): Value {
  if (value.properties === undefined) return redactLeaf(value, secretName, tally);
  const before = tally.count;
  const paired = secretsBeside(value, facts, tally);
  const ofPairs = isListOfPairs(value) ? { isPairs: true } : undefined;
  const properties = value.properties.map((property, index) => {
    const ownName = tally.isSecretName(property.name) ? property.name : paired?.get(index);
    return {
      ...property,
      name: redactText(property.name, tally),
      value: redactValue(
        property.value,
        { secretName: ownName ?? secretName, facts: ofPairs ?? factsOf(property) },
        tally,
      ),
    };
  });
  // Under a secret name even the unnamed rest of a preview (elements cut off, nested deeper) is not shown.
  if (secretName !== null) {
    return {
      ...value,
      properties,
      preview: `${value.className ?? value.type} ${redactedText}`,
    };
  }
  // The preview shows the properties once more, and may cut a secret short so that it has no look any more.
  const isCut = tally.count > before;
  const preview = isCut ? previewOf(value, properties) : redactText(value.preview, tally);
  return { ...value, properties, preview };
}

/** What the name of a list says of it. */
function factsOf({ name, value }: { name: string; value: Value }): ListFacts | undefined {
  return value.type === 'array' ? factsByName(name) : undefined;
}

/** By index, properties whose name is the value of another one. */
function secretsBeside(
  { type, properties = [], truncated: isCut = false }: Value,
  facts: ListFacts | undefined,
  tally: RedactionTally,
): Map<number, string> | null {
  if (type === 'array') {
    // Holes and named members would put names at odd places.
    const isWhole = properties.every(({ name }, index) => name === String(index));
    return isWhole
      ? secretsInList(
          properties.map(({ value }) => itemOf(value)),
          tally,
          { ...facts, isCut },
        )
      : null;
  }
  const holder = properties.findIndex(({ name }) => holdsValue(name));
  if (holder < 0) return null;
  const named = properties.find(({ name }) => holdsName(name));
  const name = named === undefined ? null : itemOf(named.value);
  return name !== null && tally.isSecretName(name) ? new Map([[holder, name]]) : null;
}

/** `[['x-api-key', '…'], …]`, as entries of Headers and of a Map are. */
function isListOfPairs({ type, properties = [] }: Value): boolean {
  return (
    type === 'array' &&
    properties.length > 1 &&
    properties.every(({ value }) => value.type === 'array' && value.length === 2)
  );
}

/** Headers that undici has not made strings of yet; its preview tells the first bytes. */
const bytesPreview = /^<Buffer((?: [\da-f]{2})*)/;

function itemOf({ type, className, preview }: Value): ListItem {
  if (type === 'number' || type === 'bigint') return preview;
  if (type === 'string') return preview.slice(1, /['"]$/.test(preview) ? -1 : undefined);
  if (className !== 'Buffer') return null;
  const hex = bytesPreview.exec(preview)?.[1]?.replaceAll(' ', '') ?? '';
  return Buffer.from(hex, 'hex').toString('latin1');
}

function redactLeaf(value: Value, secretName: string | null, tally: RedactionTally): Value {
  if (secretName !== null && !tellNothing.has(value.type)) {
    tally.add(secretName);
    return { type: 'unknown', preview: redactedText, reason: 'redacted' };
  }
  const preview = redactText(value.preview, tally);
  const isNumber = value.type === 'number' || value.type === 'bigint';
  if (isNumber && preview !== value.preview) {
    return { type: 'unknown', preview: redactedText, reason: 'redacted' };
  }
  return { ...value, preview };
}

/** Characters of a preview that is put together again. */
const maxPreviewChars = 300;

/** One line made of properties that hold no secret any more. */
function previewOf(value: Value, properties: NonNullable<Value['properties']>): string {
  const { type, className, length = properties.length } = value;
  const isList = type === 'array' || type === 'set';
  const parts = properties.map(({ name, value: inner }) =>
    isList ? inner.preview : `${name}${type === 'map' ? ' => ' : ': '}${inner.preview}`,
  );
  if (properties.length < length || value.truncated === true) parts.push('…');
  const body = type === 'array' ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
  const isPlain = className === undefined || className === 'Object' || className === 'Array';
  const head = isPlain
    ? ''
    : `${className}${type === 'map' || type === 'set' ? `(${length})` : ''} `;
  const text = `${head}${body}`;
  return text.length <= maxPreviewChars ? text : `${text.slice(0, maxPreviewChars - 1)}…`;
}
