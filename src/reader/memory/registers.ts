/** The registers of one stopped thread: user_regs_struct of x86-64, as ptrace and NT_PRSTATUS give it. */

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
