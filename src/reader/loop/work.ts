/** What was given to the thread pool, by the function that is to do it (struct uv__work). */
import type { PagedMemory } from '../memory/paged.ts';
import type { Address } from '../memory/source.ts';
import type { LoopSymbolName } from './symbols.ts';
import { descriptorOperations, fsOperations, readCString, uvRequest, uvWork } from './uv.ts';

/** What a request says of itself, as in Request; whoever found it adds its state. */
export interface WorkDescription {
  readonly type: 'fs' | 'getaddrinfo' | 'getnameinfo' | 'random' | 'work';
  readonly operation?: string;
  readonly path?: string;
  readonly newPath?: string;
  readonly fd?: number;
  readonly host?: string;
  readonly service?: string;
}

/** Addresses of libuv's symbols in the process. */
export type SymbolAddresses = ReadonlyMap<LoopSymbolName, Address>;

/** Names that Node gives its work (ThreadPoolWork::type_ of src/threadpoolwork-inl.h): `zlib`, `crypto`, `node_api`. */
const workName = /^[a-z][\w. -]{1,39}$/i;

/**
 * @param work    address of a uv__work
 * @param symbols names of the work functions; one that is none of them gives a null
 * @throws UnreadableMemory
 */
export function describeWork(
  memory: PagedMemory,
  work: Address,
  symbols: SymbolAddresses,
): WorkDescription | null {
  const job = memory.u64(work + uvWork.work);
  if (job === 0) return null;
  switch (job) {
    case symbols.get('uv__fs_work'):
      return describeFileOperation(memory, work - uvRequest.fs.work);
    case symbols.get('uv__getaddrinfo_work'): {
      const request = work - uvRequest.getaddrinfo.work;
      const host = readCString(memory, memory.u64(request + uvRequest.getaddrinfo.host));
      const service = readCString(memory, memory.u64(request + uvRequest.getaddrinfo.service));
      return {
        type: 'getaddrinfo',
        ...(host !== null && { host }),
        ...(service !== null && { service }),
      };
    }
    case symbols.get('uv__getnameinfo_work'):
      return { type: 'getnameinfo' };
    case symbols.get('uv__random_work'):
      return { type: 'random' };
    case symbols.get('uv__queue_work'): {
      const name = memory.u64(work - uvRequest.work.work + uvRequest.work.bytes);
      const operation = readCString(memory, name);
      return {
        type: 'work',
        ...(operation !== null && workName.test(operation) && { operation }),
      };
    }
    default:
      return null;
  }
}

/** @param request address of a uv_fs_t @throws UnreadableMemory */
export function describeFileOperation(memory: PagedMemory, request: Address): WorkDescription {
  const { fs } = uvRequest;
  const number = memory.i32(request + fs.operation);
  const operation = fsOperations[number] ?? `operation ${number}`;
  if (descriptorOperations.has(operation))
    return { type: 'fs', operation, fd: memory.i32(request + fs.file) };
  const path = readCString(memory, memory.u64(request + fs.path));
  const newPath = hasSecondPath.has(operation)
    ? readCString(memory, memory.u64(request + fs.newPath))
    : null;
  return {
    type: 'fs',
    operation,
    ...(path !== null && { path }),
    ...(newPath !== null && { newPath }),
  };
}

const hasSecondPath: ReadonlySet<string> = new Set(['rename', 'link', 'symlink', 'copyfile']);
