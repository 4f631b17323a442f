/** The registers of one stopped thread: user_regs_struct of x86-64, as ptrace and NT_PRSTATUS give it. */

/** A system call that was interrupted, or that ends at this moment. */
export interface RegisterCall {
  readonly number: number;
  /** Six raw arguments; pointers are addresses in the target. */
  readonly arguments: readonly bigint[];
}

const indexes = {
  r12: 3,
  rbp: 4,
  r9: 8,
  rdi: 14,
  rip: 16,
  rsp: 19,
  fsBase: 21,
} as const;

export type Registers = Readonly<Record<keyof typeof indexes, number>>;

/** @param bytes one register set, `registerSetBytes` long */
export function parseRegisters(bytes: Buffer): Registers {
  const word = (name: keyof typeof indexes) =>
    bytes.readUInt32LE(indexes[name] * 8) + bytes.readUInt32LE(indexes[name] * 8 + 4) * 2 ** 32;
  return {
    r12: word('r12'),
    rbp: word('rbp'),
    r9: word('r9'),
    rdi: word('rdi'),
    rip: word('rip'),
    rsp: word('rsp'),
    fsBase: word('fsBase'),
  };
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
