/** A command in one string → its words, as a shell splits them, and nothing else that a shell does. */

/** @throws Error when a quote is not closed */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  const pattern = /\s*((?:[^\s"'\\]|"(?:[^"\\]|\\.)*"|'[^']*'|\\.)+)|\s*(\S)/gsu;
  for (const [, word, rest] of text.matchAll(pattern)) {
    if (rest !== undefined) throw new Error(`a quote is not closed in ${text}`);
    if (word !== undefined) words.push(unquote(word));
  }
  return words;
}

function unquote(word: string): string {
  return word.replace(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gsu,
    (_, double: string | undefined, single: string | undefined, escaped: string | undefined) =>
      double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? '',
  );
}

/** Program and arguments, from a list or from words. @throws Error when there is none */
export function commandOf(words: string | readonly string[]): readonly [string, ...string[]] {
  const [file, ...args] = typeof words === 'string' ? splitWords(words) : words;
  if (file === undefined || file === '') throw new Error('there is no program to run');
  return [file, ...args];
}
