/**
 * Makes text from a target harmless to a terminal. A report is hostile: its strings were chosen by whoever
 * wrote to the sick program, and may hold escape sequences, characters that reorder a line, or megabytes.
 */

/** Control, format (bidirectional marks, zero-width), separator, private, unassigned characters and lone surrogates. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
/** More than two combining marks on one letter: they would run over the lines above and below. */
const stackedMarks = /(?<=\p{M}{2})\p{M}/gu;
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Escapes what a terminal could act on or hide, as in JavaScript source (`\n`, `\x1b`, `\u202e`), and cuts.
 * Harmless text comes back unchanged, so applying it twice is the same as once.
 * @param maxChars longest result, in UTF-16 units; a cut shows as `…`
 */
export function sanitize(text: string, maxChars = 2_000): string {
  const bounded = text.length > maxChars ? text.slice(0, maxChars) : text;
  const escaped = bounded.replace(unsafe, escapeCharacter).replace(stackedMarks, escapeCharacter);
  if (escaped.length <= maxChars && bounded === text) {
    return escaped;
  }
  return `${escaped.slice(0, maxChars - 1).replace(/\p{Cs}$/u, '')}…`;
}

/**
 * The same for JSON text: every character a terminal could act on becomes `\uXXXX`. The value that a JSON
 * parser reads is unchanged, because such characters stand only inside strings.
 */
export function sanitizeJson(json: string): string {
  return json.replace(unsafe, (character) =>
    character === '\n' ? character : escapeUnits(character),
  );
}

function escapeCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) {
    return short;
  }
  const code = character.codePointAt(0) ?? 0;
  if (code > 0xffff) {
    return `\\u{${code.toString(16)}}`;
  }
  return code > 0xff ? escapeUnits(character) : `\\x${code.toString(16).padStart(2, '0')}`;
}

function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
