/**
 * The comment by which a compiled file names its source map: `//# sourceMappingURL=app.js.map`, or the map itself in a `data:` URL.
 * Source: ECMA-426, "Extracting source map URLs"; the last such comment counts, and only blanks and comments may follow it.
 */

const marks = ['//# sourceMappingURL=', '//@ sourceMappingURL='] as const;
/** What may stand behind the comment: other comments, such as `//# debugId=`. */
const maxTailChars = 4_096;
/** An address that is no inline map. */
const maxUrlChars = 4_096;

/** The URL of the comment; null when there is none. Of an inline map it may have megabytes. */
export function sourceMapUrlOf(text: string): string | null {
  const at = Math.max(...marks.map((mark) => text.lastIndexOf(mark)));
  if (at < 0) return null;
  const start = at + marks[0].length;
  const lineEnd = text.indexOf('\n', start);
  const end = lineEnd < 0 ? text.length : lineEnd;
  const url = text.slice(start, end).trim();
  const tail = text.slice(end, end + maxTailChars + 1);
  // In the middle of a program it is a string of that program, or part of another file that was pasted in.
  const isLast = tail.split('\n').every((line) => /^\s*($|\/\/)/.test(line));
  if (tail.length > maxTailChars || !isLast) return null;
  if (isInline(url)) return url;
  return url === '' || url.length > maxUrlChars || /[\s"'`]/.test(url) ? null : url;
}

export function isInline(url: string): boolean {
  return url.startsWith('data:');
}

/** The text of a `data:` URL; null when it is none. */
export function decodeInline(url: string): string | null {
  const comma = url.indexOf(',');
  if (comma < 0 || comma > 200) return null;
  const body = url.slice(comma + 1);
  if (/;base64$/i.test(url.slice(0, comma))) return Buffer.from(body, 'base64').toString('utf8');
  try {
    return decodeURIComponent(body);
  } catch {
    return null;
  }
}

/** `//# debugId=…` of a compiled file: the same stands in its source map. Source: ECMA-426 proposal "debug ID". */
export function debugIdOf(text: string): string | null {
  return /^\/\/# debugId=([0-9a-fA-F-]{32,36})\s*$/m.exec(text.slice(-maxTailChars))?.[1] ?? null;
}
