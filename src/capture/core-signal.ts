/** The signal that ended a process, in words. */
import type { CoreReading, CoreSignal } from '../reader/read-core.ts';

/** si_code of the kernel's own signals (linux asm-generic/siginfo.h). */
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
const faults = new Set(Object.keys(causes));
const SI_KERNEL = 128;

/** True when another process sent the signal: then it is no fault of the thread that got it. */
export function wasSent({ signal, pid }: CoreReading): boolean {
  const detail = signal?.detail;
  return detail != null && detail.code <= 0 && detail.senderPid !== pid;
}

/** Such as `SIGSEGV in thread 42 at 0x10: nothing is mapped there`. */
export function describeSignal(signal: CoreSignal, reading: CoreReading): string {
  const { name, detail, tid } = signal;
  const where = `${name} in thread ${tid}`;
  if (detail === null) return where;
  if (wasSent(reading)) return `${where}, sent by process ${detail.senderPid}`;
  if (detail.code <= 0) return `${where}, raised by the process itself`;
  if (!faults.has(name)) return where;
  if (detail.code === SI_KERNEL)
    return `${where}: the kernel does not tell where (an impossible address, or no stack left)`;
  const cause = causes[name]?.[detail.code];
  const at = `${where} at 0x${detail.address.toString(16)}`;
  return cause === undefined ? at : `${at}: ${cause}`;
}
