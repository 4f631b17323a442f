/** What a report says, as text for the page. Every string of a report goes through here: it is hostile. */
import { sanitize } from '../../report/sanitize.ts';

/** Characters of one text that the page shows; what is longer ends with `…`. */
const maxChars = 2_000;

/** Escapes what reorders or hides text, and cuts. The page escapes HTML by itself: these are text nodes, never markup. */
export function clean(text: string, limit: number = maxChars): string {
  return sanitize(text, limit).replaceAll('\u00a0', ' ');
}
