/** si_code of the kernel's own signals, in words (linux asm-generic/siginfo.h). */
const causes: Readonly<Record<string, readonly string[]>> = {
  SIGSEGV: ['', 'nothing is mapped there', 'the access is not allowed there'],
  SIGBUS: [
    '',
    'misaligned address',
    'the mapped file ends before it',
    'hardware error',
    'memory error',
    'memory error',
  ],
  SIGFPE: ['', 'integer division by zero', 'integer overflow', 'division by zero'],
  SIGILL: ['', 'illegal instruction', 'illegal operand', 'illegal address', 'illegal trap'],
};

/** Signals that an instruction causes, with the address it concerns. */
export const faultSignals: ReadonlySet<string> = new Set(Object.keys(causes));
/** The kernel does not tell more. */
export const SI_KERNEL = 128;

/** Null when the kernel's list does not have it. */
export function signalCause(signal: string, code: number): string | null {
  if (code === SI_KERNEL)
    return signal === 'SIGTRAP'
      ? 'a breakpoint instruction: how V8 ends when one of its checks fails'
      : 'the kernel does not tell where (an impossible address, or no stack left)';
  return causes[signal]?.[code] ?? null;
}
