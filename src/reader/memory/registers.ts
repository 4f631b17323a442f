/** The registers of one stopped thread: user_regs_struct of x86-64, as ptrace and NT_PRSTATUS give it. */

/** A system call that was interrupted, or that ends at this moment. */
export interface RegisterCall {
  readonly number: number;
  /** Six raw arguments; pointers are addresses in the target. */
  readonly arguments: readonly bigint[];
}

const indexes = {
  r15: 0,
  r14: 1,
  r13: 2,
  r12: 3,
  rbp: 4,
  rbx: 5,
  r11: 6,
  r10: 7,
  r9: 8,
  r8: 9,
  rax: 10,
  rcx: 11,
  rdx: 12,
  rsi: 13,
  rdi: 14,
  /** Number of the system call the thread is in; -1 (as 2^64 - 1, rounded) when it is in none. */
  originalRax: 15,
  rip: 16,
  rsp: 19,
  fsBase: 21,
} as const;

export type Registers = Readonly<Record<keyof typeof indexes, number>>;

/** @param bytes one register set, `registerSetBytes` long */
export function parseRegisters(bytes: Buffer): Registers {
  const words = Object.entries(indexes).map(([name, index]) => [
    name,
    bytes.readUInt32LE(index * 8) + bytes.readUInt32LE(index * 8 + 4) * 2 ** 32,
  ]);
  return Object.fromEntries(words) as Registers;
}

/** user_regs_struct: rdi, rsi, rdx, r10, r8, r9. */
const argumentIndexes = [14, 13, 12, 7, 9, 8] as const;
const raxIndex = 10;
const originalRaxIndex = 15;
/**
 * What a call that waits leaves in rax when its thread is stopped: -EINTR, or one of the kernel's own -ERESTARTSYS,
 * -ERESTARTNOINTR, -ERESTARTNOHAND, -ERESTART_RESTARTBLOCK (include/linux/errno.h).
 */
const interruptedResults: ReadonlySet<bigint> = new Set([-4n, -512n, -513n, -514n, -516n]);

/**
 * The system call a thread stood in when it was stopped, from its registers alone: orig_rax keeps the number, rax says
 * that it was interrupted. Null: the thread ran its own code.
 * @param bytes one register set, `registerSetBytes` long
 */
export function parseRegisterCall(bytes: Buffer): RegisterCall | null {
  const number = bytes.readBigInt64LE(originalRaxIndex * 8);
  const result = bytes.readBigInt64LE(raxIndex * 8);
  if (number < 0n || number > 0xffffn || !interruptedResults.has(result)) return null;
  return {
    number: Number(number),
    arguments: argumentIndexes.map((index) => bytes.readBigUInt64LE(index * 8)),
  };
}
