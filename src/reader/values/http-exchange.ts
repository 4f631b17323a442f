/**
 * HTTP/1 requests that are under way, read from what Node has of them: the ServerResponse that is to answer one, the ClientRequest that waits for
 * an answer (lib/_http_server.js, _http_outgoing.js, _http_client.js). Plain data properties; no getter runs.
 */
import type { Heap } from '../heap/heap.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { type Properties, propertiesOf, textOf } from './fetch-objects.ts';
import { isReceiver } from './properties.ts';

export interface HttpExchange {
  /** `server`: this process is to answer it. */
  readonly kind: 'server' | 'client';
  readonly method: string;
  /** As it was asked for: a path, of a client the whole URL. */
  readonly url: string;
  /** Of the answer, once it has begun. */
  readonly status?: number;
  /** The answer is made, and has not all been taken by the other end. */
  readonly isAnswered?: true;
}

const maxProperties = 200;
const maxTextChars = 120;
/** As much of a request's headers as is searched for its host. */
const maxHeaderChars = 4_096;

/** What a socket is at; null between two requests, and when it is none of HTTP. @throws UnreadableMemory */
export function exchangeOfSocket(heap: Heap, socket: Properties): HttpExchange | null {
  const message = socket.get('_httpMessage');
  if (message === undefined || !isReceiver(heap, message)) return null;
  const properties = propertiesOf(heap, message, maxProperties);
  // Told by what they have: frameworks derive classes from both.
  return properties.has('req')
    ? exchangeOfResponse(heap, properties)
    : exchangeOfRequest(heap, properties);
}

/** @param response properties of a ServerResponse @throws UnreadableMemory */
function exchangeOfResponse(heap: Heap, response: Properties): HttpExchange | null {
  const request = response.get('req');
  if (request === undefined || !isReceiver(heap, request)) return null;
  const asked = propertiesOf(heap, request, maxProperties);
  const [method, url] = [text(heap, asked.get('method')), text(heap, asked.get('url'))];
  if (method === null || url === null) return null;
  const status = isHeaderMade(heap, response) ? numberOf(response.get('statusCode')) : null;
  const isAnswered = isOddball(heap, response.get('finished'), 'oddballTrue');
  return {
    ...{ kind: 'server', method, url },
    ...(status !== null && { status }),
    ...(isAnswered && { isAnswered }),
  };
}

/** @param request properties of a ClientRequest @throws UnreadableMemory */
export function exchangeOfRequest(heap: Heap, request: Properties): HttpExchange | null {
  const method = text(heap, request.get('method'));
  // From 24 on the path is an accessor over this.
  const path = text(heap, request.get('path') ?? request.get('[Symbol(kPath)]'));
  if (method === null || path === null) return null;
  const protocol = text(heap, request.get('protocol')) ?? '';
  const response = request.get('res');
  const status =
    response === undefined || !isReceiver(heap, response)
      ? null
      : numberOf(propertiesOf(heap, response, maxProperties).get('statusCode'));
  const url = `${protocol}//${hostOf(heap, request)}${path}`;
  return { kind: 'client', method, url, ...(status !== null && { status }) };
}

/** True when the headers of a message are made, and mostly sent. @throws UnreadableMemory */
export function isHeaderMade(heap: Heap, message: Properties): boolean {
  return readHeader(heap, message) !== null;
}

/** With its port, once the headers are made: the object itself keeps only the name. */
function hostOf(heap: Heap, request: Properties): string {
  const host = text(heap, request.get('host')) ?? '';
  const sent = readHeader(heap, request);
  if (sent === null) return host;
  const named = /^host: (\S+)\r$/im.exec(sent)?.[1] ?? '';
  // A program may send another name.
  return named.startsWith(`${host}:`) || named.startsWith(`[${host}]`) ? named : host;
}

function readHeader(heap: Heap, message: Properties): string | null {
  return textOf(heap, message.get('_header'), maxHeaderChars);
}

function text(heap: Heap, word: Tagged | undefined): string | null {
  return textOf(heap, word, maxTextChars);
}

function numberOf(word: Tagged | undefined): number | null {
  return word === undefined ? null : smiValue(word);
}

/** @throws UnreadableMemory */
export function isOddball(
  heap: Heap,
  word: Tagged | undefined,
  kind: 'oddballTrue' | 'oddballFalse' | 'oddballNull',
): boolean {
  if (word === undefined || !heap.is(word, 'ODDBALL')) return false;
  const { layout } = heap;
  return heap.smiField(word, layout.require('oddballKind')) === layout.require(kind);
}
