/** One-line previews, composed from those of the members and bounded. */
import { limits } from '../../limits.ts';
import type { Value, Variable } from '../../report/schema.ts';

const maxMemberChars = 60;
/** Of a member with members of its own, where there is not room for all. */
const maxNestedChars = 24;

/** `{id: 815, sku: "ABC", …}` */
export function propertiesPreview(properties: readonly Variable[], isTruncated: boolean): string {
  return `{${membersPreview(properties, isTruncated)}}`;
}

/**
 * The same without braces. Where not all fits, members that have members are told by what they are: a client or a queue that comes first would
 * leave no room for what tells the object from others.
 */
export function membersPreview(properties: readonly Variable[], isTruncated: boolean): string {
  const list = properties.map(({ name, value }) => `${name}: ${shorten(value.preview)}`);
  const isTooLong = list.join(', ').length > limits.maxPreviewChars;
  return joinBounded(
    isTooLong ? properties.map(({ name, value }) => `${name}: ${closed(value)}`) : list,
    isTruncated,
  );
}

/** `Queue {…}`, `Array(3)`, as values are told that are not opened. */
function closed({ type, className = '', preview, length, properties }: Value): string {
  if (properties === undefined || preview.length <= maxNestedChars) return shorten(preview);
  if (length !== undefined) return `${className}(${length})`;
  if (type !== 'object') return shorten(preview);
  return className === '' || className === 'Object' ? '{…}' : `${className} {…}`;
}

/**
 * `[1, <2 empty>, 3, … 97 more]`
 * @param knownTo every element below this index is among `elements`
 */
export function elementsPreview(
  elements: readonly Variable[],
  length: number,
  knownTo: number,
  named: readonly Variable[] = [],
): string {
  const list: string[] = [];
  let next = 0;
  const addHoles = (end: number): void => {
    const count = Math.min(end, knownTo) - next;
    if (count > 0) list.push(`<${count} empty>`);
    next = Math.max(next, end);
  };
  for (const { name, value } of elements) {
    addHoles(Number(name));
    list.push(shorten(value.preview));
    next = Number(name) + 1;
  }
  if (knownTo > next) addHoles(knownTo);
  const members = named.map(({ name, value }) => `${name}: ${shorten(value.preview)}`);
  const text = joinBounded(
    length > list.length && length > knownTo ? list : [...list, ...members],
    false,
  );
  const rest = length - (knownTo >= next ? next : elements.length);
  const more = rest > 0 && !text.endsWith('…') ? `${text === '' ? '' : ', '}… ${rest} more` : '';
  return `[${text}${more}]`;
}

/** `Map(2) {"a" => 1, "b" => 2}`, `Set(1) {"a"}` */
export function entriesPreview(
  className: string,
  size: number,
  entries: readonly Variable[],
  isMap: boolean,
): string {
  const list = entries.map(({ name, value }) =>
    isMap ? `${shorten(name)} => ${shorten(value.preview)}` : shorten(value.preview),
  );
  return `${className}(${size}) {${joinBounded(list, size > entries.length)}}`;
}

function joinBounded(list: readonly string[], isTruncated: boolean): string {
  let text = '';
  for (const item of list) {
    if (text.length + item.length > limits.maxPreviewChars) return `${text}, …`;
    text += (text === '' ? '' : ', ') + item;
  }
  if (!isTruncated) return text;
  return text === '' ? '…' : `${text}, …`;
}

function shorten(text: string): string {
  return text.length <= maxMemberChars ? text : `${text.slice(0, maxMemberChars - 1)}…`;
}
