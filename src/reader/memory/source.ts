/** Bytes by address. A live process, a moment of a process, and later a core file are the implementations. */

/** An address in the target. User space ends below 2^47, so a plain number is exact. */
export type Address = number;

export interface MemorySource {
  /**
   * Copies target memory.
   * @param address start, in the target's virtual address space
   * @param out     filled from its start; its byteLength is the number of bytes wanted
   * @returns bytes copied, 0..out.byteLength. Fewer than wanted: the next page is unreadable. Not an error:
   *          assume the target is corrupt.
   * @throws SleeperError ERR_SLEEPER_ATTACH_DENIED or ERR_SLEEPER_TARGET_GONE only
   */
  read(address: Address, out: Uint8Array): number;
  /**
   * Copies many pages in few system calls, where the source can.
   * @param out filled with one page behind the other; unreadable ones leave their part as it was
   * @returns 1 or 0 for each page: readable or not
   * @throws SleeperError as read()
   */
  readPages?(pages: readonly Address[], out: Buffer): Uint8Array;
}

/** Thrown by typed reads when the address is not mapped. Whoever shows the value turns it into evidence. */
export class UnreadableMemory extends Error {
  override readonly name = 'UnreadableMemory';
  readonly address: Address;
  constructor(address: Address) {
    super(`no readable memory at 0x${address.toString(16)}`);
    this.address = address;
  }
}
