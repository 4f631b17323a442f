/** The few facts of proc(5) that the reader itself needs. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Where the kernel says the program file is; ` (deleted)` follows when it was replaced. @throws the system's error */
export function readExecutablePath(pid: number): string {
  return readlinkSync(`/proc/${pid}/exe`);
}

/** @throws the system's error */
export function readThreadIds(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(Number);
}

/** pid of the tracer; 0: none, or the process is gone. */
export function readTracerPid(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^TracerPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
