/** A live process as a memory source: process_vm_readv, no stop, no attach. */
import { SleeperError } from '../../errors.ts';
import { requireNative } from '../../native.ts';
import type { Address, MemorySource } from './source.ts';

const EPERM = 1;
const ESRCH = 3;

export class LiveMemory implements MemorySource {
  readonly pid: number;
  readonly #native = requireNative();

  constructor(pid: number) {
    this.pid = pid;
  }

  read(address: Address, out: Uint8Array): number {
    const copied = this.#native.readMemory(this.pid, address, out);
    if (copied >= 0) return copied;
    refuseIfGoneOrDenied(this.pid, -copied);
    return 0;
  }

  readPages(pages: readonly Address[], out: Buffer): Uint8Array {
    const readable = new Uint8Array(pages.length);
    const count = this.#native.readPages(this.pid, Float64Array.from(pages), out, readable);
    if (count < 0) refuseIfGoneOrDenied(this.pid, -count);
    return readable;
  }
}

/** Turns the two errors that concern the whole process into ours; others mean "nothing readable there". */
export function refuseIfGoneOrDenied(pid: number, errno: number): void {
  if (errno === ESRCH)
    throw new SleeperError(
      'ERR_SLEEPER_TARGET_GONE',
      `Process ${pid} ended while it was being read.`,
      {
        pid,
      },
    );
  if (errno === EPERM)
    throw new SleeperError(
      'ERR_SLEEPER_ATTACH_DENIED',
      `Cannot read the memory of process ${pid}: the kernel refused (EPERM).`,
      { pid },
    );
}
