/** One-line previews, composed from those of the members and bounded. */
import { limits } from '../../limits.ts';
import type { Variable } from '../../report/schema.ts';

const maxMemberChars = 60;

/** `{id: 815, sku: "ABC", …}` */
export function propertiesPreview(properties: readonly Variable[], isTruncated: boolean): string {
  const list = properties.map(({ name, value }) => `${name}: ${shorten(value.preview)}`);
  return `{${joinBounded(list, isTruncated)}}`;
}

/** `[1, 2, 3, … 97 more]` */
export function elementsPreview(elements: readonly Variable[], length: number): string {
  const list = elements.map(({ value }) => shorten(value.preview));
  const text = joinBounded(list, false);
  const shown = text.endsWith('…')
    ? ''
    : length > elements.length
      ? `, … ${length - elements.length} more`
      : '';
  return `[${text}${shown}]`;
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
