/** Which isolate belongs to which thread. */
import { findIsolate } from '../frames/isolate.ts';
import { LiveMemory } from '../memory/live.ts';
import type { StoppedThread } from '../memory/look.ts';
import type { Mapping } from '../memory/maps.ts';
import { PagedMemory } from '../memory/paged.ts';
import { type Address, UnreadableMemory } from '../memory/source.ts';
import type { Target } from '../target.ts';

export interface IsolateOfThread {
  readonly tid: number;
  /** Address of the v8::Isolate. */
  readonly address: Address;
}

/** The isolates of those threads that run JavaScript. @param tids the threads that own an isolate */
export function findIsolates(
  target: Target,
  mappings: readonly Mapping[],
  threads: readonly StoppedThread[],
  tids: readonly number[],
): IsolateOfThread[] {
  const memory = new PagedMemory(new LiveMemory(target.pid));
  const { loadBias } = target.codeSpace(mappings);
  return threads
    .filter(({ tid }) => tids.includes(tid))
    .flatMap(({ tid, registers }) => {
      try {
        const address = findIsolate(memory, target.binary, loadBias, registers.fsBase);
        return address === 0 ? [] : [{ tid, address }];
      } catch (error) {
        if (error instanceof UnreadableMemory) return [];
        throw error;
      }
    });
}
