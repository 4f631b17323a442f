/** Paths within a sentence, as they are shown elsewhere. Pure. */

/** Those below the working directory without it, and as paths where they are URLs. @param cwd of the target; absent: nothing is shortened */
export function shortenPaths(words: string, cwd: string | undefined): string {
  if (cwd === undefined || cwd === '/') return words;
  const below = `${cwd}/`;
  return words
    .split(' ')
    .map((word) => {
      const [, open = '', path = word] = /^(\(?)(?:file:\/\/(?=\/))?([^]*)$/.exec(word) ?? [];
      return path.startsWith(below) ? open + path.slice(below.length) : word;
    })
    .join(' ');
}
