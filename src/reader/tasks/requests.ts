/**
 * What a request of Node's own asks for. Of DNS the name; of files the operation and the path, which are in libuv's request. That is a part of the C++
 * object (src/req_wrap.h ReqWrap::req_), and points back to it while it is under way.
 */
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { describeFileOperation } from '../loop/work.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import { textOf } from '../values/fetch-objects.ts';
import type { Property } from '../values/properties.ts';

/** A name has 253 characters at most (RFC 1035). */
const maxHostChars = 253;
/** JSObject with embedder fields: they follow map, properties and elements. */
const firstEmbedderField = 24;
const maxEmbedderFields = 4;
/** Words of a ReqWrap before its request: those of AsyncWrap, a list node, and what FSReqBase puts before it. */
const maxWrapWords = 64;
/** uv_req_t: data, type (deps/uv/include/uv.h). */
const requestType = 8;
const fileRequest = 6;

export interface RequestWords {
  /** `fs open`, or the class of the request. */
  readonly name: string;
  /** What it is for: a path, `fd 21`, a name that is looked up; empty when that is not known. */
  readonly of: string;
}

/** @param properties of the request @throws UnreadableMemory */
export function tellRequest(
  heap: Heap,
  request: Tagged,
  className: string,
  properties: readonly Property[],
): RequestWords {
  if (className.startsWith('FSReq')) return tellFileRequest(heap, request, className);
  const host = properties.find(({ key }) => key === 'hostname')?.word ?? undefined;
  return { name: className, of: textOf(heap, host, maxHostChars) ?? '' };
}

function tellFileRequest(heap: Heap, request: Tagged, className: string): RequestWords {
  for (let i = 0; i < maxEmbedderFields; i++) {
    const wrap = heap.field(request, firstEmbedderField + i * 8);
    const at = wrap % 8 === 0 && heap.memory.isReadable(wrap) ? findFileRequest(heap, wrap) : null;
    if (at === null) continue;
    const { operation = '', path, newPath, fd } = describeFileOperation(heap.memory, at);
    const of = path ?? (fd === undefined ? '' : `fd ${fd}`);
    return { name: `fs ${operation}`, of: newPath === undefined ? of : `${of} → ${newPath}` };
  }
  return { name: className, of: '' };
}

function findFileRequest(heap: Heap, wrap: Address): Address | null {
  const { memory } = heap;
  try {
    for (let i = 1; i < maxWrapWords; i++) {
      const at = wrap + i * 8;
      if (memory.u64(at) === wrap && memory.i32(at + requestType) === fileRequest) return at;
    }
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) throw error;
  }
  return null;
}
