/** HTTP requests that this process has not begun to answer, by its connections. Pure. */
import type { Capture, Handle } from '../report/schema.ts';

/** Requests named of those that wait. */
const maxNamed = 2;

/** A connection with a request. */
type AskedHandle = Handle & { readonly http: NonNullable<Handle['http']> };

export function unansweredRequests({ handles }: Capture): AskedHandle[] {
  return handles.filter(
    (handle): handle is AskedHandle =>
      handle.http?.kind === 'server' &&
      handle.http.status === undefined &&
      handle.http.isAnswered !== true,
  );
}

/** `5 requests are not answered: GET /, GET /orders and 3 more`; none: nothing. */
export function unansweredWords(capture: Capture): string[] {
  const asked = unansweredRequests(capture).map(({ http }) => `${http.method} ${http.url}`);
  if (asked.length === 0) return [];
  const named = [...new Set(asked)].slice(0, maxNamed);
  const more = asked.filter((one) => !named.includes(one)).length;
  // Of many connections some are not looked at.
  const isAll = capture.handles.every(
    ({ peer, owner }) => peer === undefined || owner !== undefined,
  );
  return [
    `${isAll ? '' : 'at least '}${asked.length} ${asked.length === 1 ? 'request is' : 'requests are'} not answered: ${named.join(', ')}${more === 0 ? '' : ` and ${more} more`}`,
  ];
}
