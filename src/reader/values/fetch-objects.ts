/**
 * Requests of fetch() and of undici, of which Node carries a copy, in one line: method, address, and the status of the answer. Read from plain
 * data properties; no getter runs.
 *
 * - URL (lib/internal/url.js): `#context`, before Node 20 under the symbol `context`, with `href`.
 * - fetch (undici lib/web/fetch/request.js makeRequest(), response.js makeResponse()): `method`, `urlList`, `status`. What programs have
 *   of it are Request and Response, with that as `#state`, before undici 7 under the symbol `state`; that of a Response is a Proxy of it.
 * - undici (lib/api/index.js, lib/core/request.js): `method`, `origin`, `path` of what is given to dispatch(), and of its own Request.
 */
import type { Heap } from '../heap/heap.ts';
import { readString } from '../heap/strings.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { readArrayLength, readElements } from './elements.ts';
import { isReceiver, readOwnProperties } from './properties.ts';
import { proxyTarget } from './standard-objects.ts';

export type Properties = ReadonlyMap<string, Tagged>;

const maxProperties = 60;
const maxUrlChars = 300;
const maxMethodChars = 20;
/** Redirects are followed so often (undici lib/web/fetch/index.js). */
const maxUrls = 20;

/** The data properties of an object, by name. @throws UnreadableMemory */
export function propertiesOf(heap: Heap, object: Tagged, most = maxProperties): Properties {
  const known = new Map<string, Tagged>();
  for (const { key, word } of readOwnProperties(heap, object, most).properties)
    if (word !== null) known.set(key, word);
  return known;
}

/** `GET http://10.0.0.7/orders` of a Request, `200 from …` of a Response; null when it is none. @throws UnreadableMemory */
export function tellFetched(heap: Heap, properties: Properties): string | null {
  const kept = properties.get('#state') ?? properties.get('[Symbol(state)]');
  if (kept === undefined || !isReceiver(heap, kept)) return null;
  const state = heap.is(kept, 'JS_PROXY') ? proxyTarget(heap, kept) : kept;
  if (!isReceiver(heap, state)) return null;
  const known = propertiesOf(heap, state);
  const status = known.get('status');
  const url = lastUrl(heap, known.get('urlList'));
  if (status === undefined || url === null) return tellRequest(heap, known);
  const number = smiValue(status);
  return number === null ? null : `${number} from ${url}`;
}

/** `GET http://10.0.0.7/orders` of what fetch() and undici have of a request, by its shape; null when it has another. @throws UnreadableMemory */
export function tellRequest(heap: Heap, properties: Properties): string | null {
  const method = textOf(heap, properties.get('method'), maxMethodChars);
  if (method === null || !/^[A-Za-z]+$/.test(method)) return null;
  const url = lastUrl(heap, properties.get('urlList'));
  if (url !== null) return `${method} ${url}`;
  const origin = properties.get('origin');
  const path = textOf(heap, properties.get('path'), maxUrlChars);
  const host =
    origin === undefined ? null : (textOf(heap, origin, maxUrlChars) ?? href(heap, origin));
  // Others have such names for their own: routes, commands.
  if (host === null || path === null || !/^(?:http|ws)s?:\/\//.test(host)) return null;
  return `${method} ${host.replace(/\/$/, '')}${path}`;
}

function lastUrl(heap: Heap, list: Tagged | undefined): string | null {
  if (list === undefined || !heap.is(list, 'JS_ARRAY')) return null;
  const length = readArrayLength(heap, list);
  if (length < 1 || length > maxUrls) return null;
  const slot = readElements(heap, list, length, maxUrls).at(-1)?.slot;
  return slot?.kind === 'tagged' ? href(heap, slot.word) : null;
}

function href(heap: Heap, url: Tagged): string | null {
  if (!isReceiver(heap, url)) return null;
  const known = propertiesOf(heap, url);
  const context = known.get('#context') ?? known.get('[Symbol(context)]');
  if (context === undefined || !isReceiver(heap, context)) return null;
  return textOf(heap, propertiesOf(heap, context).get('href'), maxUrlChars);
}

/** A string, or its beginning; null when it is none. @throws UnreadableMemory */
export function textOf(heap: Heap, word: Tagged | undefined, most: number): string | null {
  return word !== undefined && heap.isString(word) ? readString(heap, word, most) : null;
}
