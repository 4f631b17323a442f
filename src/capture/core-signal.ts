/** The signal that ended a process, in words. */
import type { CoreReading, CoreSignal } from '../reader/read-core.ts';
import { faultSignals, SI_KERNEL, signalCause } from './signal-causes.ts';

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
  if (!faultSignals.has(name)) return where;
  if (detail.code === SI_KERNEL)
    return `${where}: the kernel does not tell where (an impossible address, or no stack left)`;
  const cause = signalCause(name, detail.code);
  const at = `${where} at 0x${detail.address.toString(16)}`;
  return cause === null ? at : `${at}: ${cause}`;
}
