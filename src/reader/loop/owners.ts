/**
 * Whose a handle is in JavaScript, and which functions of the program hear of it: what keeps a process alive is told by the code
 * that made it, and that code has left a listener, as a rule.
 *
 *     uv_handle_t.data ─► HandleWrap ─► global handle ─► wrap ─[owner_symbol]─► Server, Socket, ChildProcess …
 *                            ▲                             │                        │ _events ─► functions
 *                            └───── embedder field ────────┘
 *
 * - `data` is set by HandleWrap's constructor (src/handle_wrap.cc). HandleWrap begins with BaseObject: virtual table, then
 *   `persistent_handle_`, a v8::Global (src/base_object.h); both the same in Node 18 to 26. The way back proves that it is one.
 * - `owner_symbol` (lib/internal/async_hooks.js). A MessagePort is its own wrap, and an EventTarget (lib/internal/event_target.js).
 */
import type { Heap } from '../heap/heap.ts';
import { limits } from '../../limits.ts';
import { isPointer, smiValue, type Tagged, untag } from '../layout/tagged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { Handle, Listener } from '../../report/schema.ts';
import type { ScriptCache } from '../scripts.ts';
import { type Properties, propertiesOf } from '../values/fetch-objects.ts';
import { exchangeOfSocket, type HttpExchange } from '../values/http-exchange.ts';
import { tellPurpose } from '../values/node-objects.ts';
import { isReceiver, readClassName } from '../values/properties.ts';
import { ListenerReader } from './owner-listeners.ts';

/** Handles, with the C++ object that has each. */
export type Wraps = ReadonlyMap<Handle, Address>;

/** Byte offset of BaseObject::persistent_handle_. */
const persistentHandle = 8;
/** JSObject with embedder fields: they follow map, properties and elements. */
const embedderField = 24;
const maxEmbedderFields = 4;
const maxProperties = 200;
const childStreams = ['stdin', 'stdout', 'stderr'] as const;

/**
 * The handles, with what is known of their owners. Never throws on bad memory: then nothing is known of one.
 * @param endsAtMs performance.now() after which no more are looked at
 */
export function addOwners(
  handles: readonly Handle[],
  wraps: Wraps,
  heap: Heap,
  scripts: ScriptCache,
  endsAtMs: number,
): Handle[] {
  const reader = new OwnerReader(heap, scripts);
  const chosen = [...wraps.keys()].sort((a, b) => weight(b) - weight(a)).slice(0, limits.maxOwners);
  const owners = new Map<Handle, Owner>();
  for (const handle of chosen) {
    if (performance.now() > endsAtMs) break;
    const owner = reader.read(wraps.get(handle) ?? 0);
    if (owner !== null) owners.set(handle, owner);
  }
  const streams = reader.childStreams([...owners.values()]);
  return handles.map((handle) => {
    const owner = owners.get(handle);
    if (owner === undefined) return handle;
    const { className, listeners, about, http } = owner;
    const childStream = streams.get(owner.object);
    return {
      ...handle,
      owner: className,
      ...(about !== '' && { about }),
      ...(childStream !== undefined && { childStream }),
      ...(http !== null && { http: toldHttp(http) }),
      ...(listeners.length > 0 && { listeners: [...listeners] }),
    };
  });
}

/** Those that keep the loop alive first, and of them those that are few: servers, children, watchers. */
function weight({ type, active, ref, state, peer, internal }: Handle): number {
  const keeps = active === true && ref !== false && internal !== true;
  const isOne = state === 'listening' || (type !== 'tcp' && type !== 'pipe');
  return (keeps ? 4 : 0) + (isOne ? 2 : 0) + (peer === undefined ? 1 : 0);
}

/** What people search for is seldom in the query, and secrets are. */
function toldHttp(http: HttpExchange): NonNullable<Handle['http']> {
  return { ...http, url: http.url.replace(/[?#].*$/s, '') };
}

interface Owner {
  readonly object: Tagged;
  readonly className: string;
  /** May be empty. */
  readonly about: string;
  readonly listeners: readonly Listener[];
  readonly properties: Properties;
  readonly http: HttpExchange | null;
}

class OwnerReader {
  readonly #heap: Heap;
  readonly #listeners: ListenerReader;

  constructor(heap: Heap, scripts: ScriptCache) {
    this.#heap = heap;
    this.#listeners = new ListenerReader(heap, scripts);
  }

  read(wrap: Address): Owner | null {
    try {
      const object = this.#findOwner(wrap);
      if (object === null) return null;
      const className = readClassName(this.#heap, object) ?? '';
      if (className === '') return null;
      const properties = propertiesOf(this.#heap, object, maxProperties);
      const http = exchangeOfSocket(this.#heap, properties);
      const about = http === null ? tellPurpose(this.#heap, className, properties) : '';
      const listeners = this.#listeners.read(properties);
      return { object, className, about, http, properties, listeners };
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }

  /** Which of the objects are standard streams of which child. */
  childStreams(owners: readonly Owner[]): Map<Tagged, { pid: number; name: string }> {
    const streams = new Map<Tagged, { pid: number; name: string }>();
    for (const { className, properties } of owners) {
      const pid = className === 'ChildProcess' ? smiValue(properties.get('pid') ?? 1) : null;
      if (pid === null) continue;
      for (const name of childStreams) {
        const word = properties.get(name);
        if (word !== undefined && isPointer(word)) streams.set(word, { pid, name });
      }
    }
    return streams;
  }

  #findOwner(wrap: Address): Tagged | null {
    const { memory } = this.#heap;
    const handle = this.#pointerAt(wrap + persistentHandle);
    const object = handle === null ? 0 : memory.u64(handle);
    if (!isPointer(object) || !memory.isReadable(untag(object))) return null;
    if (!isReceiver(this.#heap, object) || !this.#belongsTo(object, wrap)) return null;
    const owner = propertiesOf(this.#heap, object, maxProperties).get('[Symbol(owner_symbol)]');
    return owner !== undefined && isReceiver(this.#heap, owner) ? owner : object;
  }

  #belongsTo(object: Tagged, wrap: Address): boolean {
    for (let i = 0; i < maxEmbedderFields; i++)
      if (this.#heap.field(object, embedderField + i * 8) === wrap) return true;
    return false;
  }

  #pointerAt(address: Address): Address | null {
    const { memory } = this.#heap;
    if (address % 8 !== 0 || !memory.isReadable(address)) return null;
    const word = memory.u64(address);
    return word !== 0 && word % 8 === 0 && memory.isReadable(word) ? word : null;
  }
}
