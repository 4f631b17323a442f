/**
 * Node's own objects in one line: what a person at 3 a.m. asks of a request, a response, a socket, a server, an open file. Read from their
 * plain data properties (lib/_http_incoming.js, _http_outgoing.js, _http_client.js, net.js, internal/fs/streams.js, internal/fs/promises.js,
 * internal/readline/interface.js, internal/http2/core.js, internal/worker.js); no getter runs. A socket's
 * descriptor is in libuv's handle, which the C++ object behind `_handle` points to and which points back to it.
 */
import type { Heap } from '../heap/heap.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { uvHandle } from '../loop/uv.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import { tellChildStream } from './child-streams.ts';
import { type Properties, propertiesOf, tellFetched, textOf } from './fetch-objects.ts';
import { exchangeOfRequest, isHeaderMade, isOddball } from './http-exchange.ts';
import { isReceiver, readClassName } from './properties.ts';

/** What one line tells of an object, and the descriptor it stands for. */
export interface NodeObject {
  readonly words: string;
  readonly fd?: number;
}

const maxNodeProperties = 200;
const maxTextChars = 120;
/** Words of a HandleWrap looked at for its pointer to libuv's handle; it is among the first of the class's own. */
const maxWrapWords = 32;
const firstEmbedderField = 24;
const maxEmbedderFields = 4;

type Teller = (heap: Heap, properties: Properties, object: Tagged) => NodeObject | null;

const tellers: Readonly<Record<string, Teller>> = {
  IncomingMessage: tellIncoming,
  ServerResponse: tellResponse,
  ClientRequest: tellClientRequest,
  Socket: tellSocket,
  TLSSocket: tellSocket,
  Server: tellServer,
  TLSServer: tellServer,
  ChildProcess: tellChild,
  Request: tellFetch,
  Response: tellFetch,
  // As the bundle of undici in Node has them: esbuild renames classes that hide a global.
  _Request: tellFetch,
  _Response: tellFetch,
  // Of files, and of terminals.
  ReadStream: tellFileStream,
  WriteStream: tellFileStream,
  FileHandle: tellFileHandle,
  Interface: tellInterface,
  ClientHttp2Stream: tellHttp2Request,
  Worker: tellWorker,
};

/** @returns null when the object is none of them, or does not look like one */
export function tellNodeObject(heap: Heap, className: string, object: Tagged): NodeObject | null {
  const tell = Object.hasOwn(tellers, className) ? tellers[className] : undefined;
  return tell === undefined
    ? null
    : tell(heap, propertiesOf(heap, object, maxNodeProperties), object);
}

function tellIncoming(heap: Heap, properties: Properties): NodeObject | null {
  const words = incomingWords(heap, properties);
  if (words === null) return null;
  const socket = properties.get('socket');
  const told =
    socket === undefined || !isReceiver(heap, socket)
      ? null
      : tellNodeObject(heap, 'Socket', socket);
  return { words, ...(told?.fd !== undefined && { fd: told.fd }) };
}

/** `POST /upload`; `200 to GET http://10.0.0.7/orders` of an answer. */
function incomingWords(heap: Heap, properties: Properties): string | null {
  const method = text(heap, properties.get('method'));
  const url = text(heap, properties.get('url'));
  if (method !== null && url !== null) return `${method} ${url}`;
  const status = number(properties.get('statusCode'));
  if (status === null) return null;
  const request = properties.get('req');
  const asked =
    request === undefined || !isReceiver(heap, request)
      ? null
      : exchangeOfRequest(heap, propertiesOf(heap, request, maxNodeProperties));
  return asked === null ? `${status}` : `${status} to ${asked.method} ${asked.url}`;
}

function tellResponse(heap: Heap, properties: Properties): NodeObject | null {
  // Before somebody sets it, it is the 200 of the prototype.
  const status = number(properties.get('statusCode'));
  if (!properties.has('_header')) return null;
  const isSent = isHeaderMade(heap, properties);
  const request = properties.get('req');
  const asked = request === undefined ? null : tellNodeObject(heap, 'IncomingMessage', request);
  return {
    words: `${status ?? 200}, headers ${isSent ? 'sent' : 'not sent'}${asked === null ? '' : `, to ${asked.words}`}`,
  };
}

function tellClientRequest(heap: Heap, properties: Properties): NodeObject | null {
  const asked = exchangeOfRequest(heap, properties);
  if (asked === null) return null;
  const { method, url, status } = asked;
  const answer = status === undefined ? '' : `, answered ${status}`;
  return { words: `${method} ${url}${answer}${socketWords(heap, properties)}` };
}

/** An Agent gives out no more sockets than `maxSockets` for one host (lib/_http_agent.js): the others wait, without a word. */
function socketWords(heap: Heap, request: Properties): string {
  const agent = request.get('agent');
  // From 22 on it is an accessor over this.
  const socket = request.get('socket') ?? request.get('[Symbol(kSocket)]');
  const isAlive = isOddball(heap, request.get('destroyed'), 'oddballFalse');
  if (agent === undefined || !isOddball(heap, socket, 'oddballNull') || !isAlive) return '';
  return ', given no socket yet by its Agent';
}

function tellSocket(heap: Heap, properties: Properties, socket: Tagged): NodeObject | null {
  if (!properties.has('connecting')) return null;
  const fd = readDescriptor(heap, properties);
  const host = hostAskedFor(heap, properties);
  const child = host === null ? tellChildStream(heap, socket, properties) : null;
  const known = fd === null ? 'no descriptor: not open, or closed' : `fd ${fd}`;
  const words = `${known}${host === null ? '' : ` to ${host}`}${child === null ? '' : `, ${child}`}`;
  return { words, ...(fd !== null && { fd }) };
}

/** Whom a socket was told to connect to, where that is more than an address; may be empty. */
export function tellPurpose(heap: Heap, className: string, properties: Properties): string {
  if (className !== 'Socket' && className !== 'TLSSocket') return '';
  return hostAskedFor(heap, properties) ?? '';
}

/** The name that was looked up, of a plain socket (lib/net.js). */
function hostAskedFor(heap: Heap, socket: Properties): string | null {
  return tlsNameOf(heap, socket) ?? text(heap, socket.get('_host'));
}

/** Whom a TLSSocket was told to connect to, with the port (lib/_tls_wrap.js). */
function tlsNameOf(heap: Heap, properties: Properties): string | null {
  const options = properties.get('[Symbol(connect-options)]');
  if (options === undefined || !isReceiver(heap, options)) return null;
  const known = propertiesOf(heap, options, maxNodeProperties);
  const name = text(heap, known.get('servername')) ?? text(heap, known.get('host'));
  const port = number(known.get('port'));
  return name === null || name === '' ? null : `${name}${port === null ? '' : `:${port}`}`;
}

function tellServer(heap: Heap, properties: Properties): NodeObject | null {
  const connections = number(properties.get('_connections'));
  if (connections === null) return null;
  const fd = readDescriptor(heap, properties);
  const state = fd === null ? 'not listening' : `listening, fd ${fd}`;
  return { words: `${state}, ${connections} connections`, ...(fd !== null && { fd }) };
}

function tellFetch(heap: Heap, properties: Properties): NodeObject | null {
  const words = tellFetched(heap, properties);
  return words === null ? null : { words };
}

function tellChild(heap: Heap, properties: Properties): NodeObject | null {
  const pid = number(properties.get('pid'));
  const file = text(heap, properties.get('spawnfile'));
  const status = number(properties.get('exitCode'));
  if (pid === null || file === null) return null;
  return { words: `pid ${pid}, ${file}${status === null ? '' : `, exited ${status}`}` };
}

function tellFileStream(heap: Heap, properties: Properties, object: Tagged): NodeObject | null {
  if (properties.has('connecting')) return tellSocket(heap, properties, object);
  if (!properties.has('flags') || !properties.has('pos')) return null;
  const fd = number(properties.get('fd'));
  const path = text(heap, properties.get('path'));
  const words = [...(path === null ? [] : [path]), ...(fd === null ? [] : [`fd ${fd}`])];
  if (words.length === 0) return null;
  return { words: words.join(', '), ...(fd !== null && { fd }) };
}

function tellFileHandle(_heap: Heap, properties: Properties): NodeObject | null {
  const fd = number(properties.get('[Symbol(kFd)]'));
  if (fd === null) return null;
  return fd < 0 ? { words: 'closed' } : { words: `fd ${fd}`, fd };
}

/** Of readline: where it reads from, and what it asks. */
function tellInterface(heap: Heap, properties: Properties): NodeObject | null {
  const input = properties.get('input');
  const prompt = properties.get('[Symbol(_prompt)]');
  if (input === undefined || !isReceiver(heap, input) || prompt === undefined) return null;
  const name = readClassName(heap, input) ?? '';
  const told = tellNodeObject(heap, name, input);
  const callback = properties.get('[Symbol(_questionCallback)]');
  const isAsking = callback !== undefined && isReceiver(heap, callback);
  const question = isAsking ? text(heap, prompt) : null;
  return {
    words: `reads ${told === null ? name || 'an object' : `${name} {${told.words}}`}${question === null ? '' : `, asks ${JSON.stringify(question)}`}`,
  };
}

function tellHttp2Request(heap: Heap, properties: Properties): NodeObject | null {
  const sent = properties.get('[Symbol(sent-headers)]');
  if (sent === undefined || !isReceiver(heap, sent)) return null;
  const headers = propertiesOf(heap, sent);
  const told = (name: string): string => text(heap, headers.get(name)) ?? '';
  const method = told(':method');
  if (method === '') return null;
  const scheme = told(':scheme');
  const host = `${scheme}${scheme === '' ? '' : '://'}${told(':authority')}`;
  return { words: `${method} ${host}${told(':path')}` };
}

function tellWorker(heap: Heap, properties: Properties): NodeObject | null {
  const handle = properties.get('[Symbol(kHandle)]');
  if (handle === undefined || !isReceiver(heap, handle)) return null;
  const known = propertiesOf(heap, handle);
  const id = number(known.get('threadId'));
  const name = text(heap, known.get('threadName')) ?? '';
  // What has ended has no number any more.
  return id === null || id < 0
    ? null
    : { words: `thread ${id}${/^(?:WorkerThread)?$/.test(name) ? '' : `, ${name}`}` };
}

function text(heap: Heap, word: Tagged | undefined): string | null {
  return textOf(heap, word, maxTextChars);
}

function number(word: Tagged | undefined): number | null {
  return word === undefined ? null : smiValue(word);
}

function readDescriptor(heap: Heap, properties: Properties): number | null {
  const wrap = properties.get('_handle') ?? properties.get('[Symbol(kHandle)]');
  if (wrap === undefined) return null;
  for (let i = 0; i < maxEmbedderFields; i++) {
    const cxx = heap.field(wrap, firstEmbedderField + i * 8);
    const fd = cxx % 8 === 0 && heap.memory.isReadable(cxx) ? descriptorOfWrap(heap, cxx) : null;
    if (fd !== null) return fd;
  }
  return null;
}

function descriptorOfWrap(heap: Heap, wrap: Address): number | null {
  const { memory } = heap;
  try {
    for (let i = 1; i < maxWrapWords; i++) {
      const handle = memory.u64(wrap + i * 8);
      if (handle % 8 !== 0 || !memory.isReadable(handle)) continue;
      // uv_handle_t.data, its first member, is the wrap.
      if (memory.u64(handle) !== wrap) continue;
      const fd = memory.i32(handle + uvHandle.streamFd);
      return fd >= 0 ? fd : null;
    }
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) throw error;
  }
  return null;
}
