/**
 * The words of `/proc/PID/cmdline`, each ended by a zero. A program that gave itself a title (process.title) has written over them: libuv
 * puts the title where they stood, and zeros into the rest (src/unix/proctitle.c).
 */
export function parseCommandLine(text: string): string[] {
  const words = text.split('\0');
  if (words.at(-1) === '') words.pop();
  const [title = '', ...rest] = words;
  return title !== '' && rest.length > 1 && rest.every((word) => word === '') ? [title] : words;
}
