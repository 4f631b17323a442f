/** Troubles of processes that belong together are one incident: one report of each process, told as one. */
import { randomUUID } from 'node:crypto';
import { limits } from '../limits.ts';
import type { Captured, WatcherEvent } from './events.ts';
import type { WatchedProcess } from './watched-process.ts';

interface Incident {
  readonly id: string;
  /** The process that was in trouble first. */
  readonly first: number;
  readonly reports: { pid: number; verdict: string; path: string }[];
  /** Ordered or done: each process once. */
  readonly captured: Set<WatchedProcess>;
  /** Ordered and not done. */
  open: number;
}

/** The incidents that are going on, by the root of their family. */
export class Incidents {
  readonly #open = new Map<number, Incident>();
  readonly #tell: (event: WatcherEvent) => void;

  constructor(tell: (event: WatcherEvent) => void) {
    this.#tell = tell;
  }

  /** The incident that a trouble of this process belongs to, a new one when there is none. */
  join(process: WatchedProcess): string {
    return this.#incidentOf(process).id;
  }

  /** Notes that a process is to be captured. @returns false when it is captured with this incident already */
  order(process: WatchedProcess): boolean {
    const incident = this.#incidentOf(process);
    if (incident.captured.has(process)) return false;
    incident.captured.add(process);
    incident.open++;
    return true;
  }

  /** The others of the family, nearest first, that are to be captured with this one. */
  companions(process: WatchedProcess, all: Iterable<WatchedProcess>): WatchedProcess[] {
    const incident = this.#incidentOf(process);
    const { parentPid } = process.subject;
    const distance = (other: WatchedProcess): number => {
      if (other.pid === parentPid) return 0;
      if (other.subject.parentPid === process.pid) return 1;
      return other.subject.parentPid === parentPid ? 2 : 3;
    };
    const room = Math.max(0, limits.maxIncidentProcesses - incident.captured.size);
    return [...all]
      .filter((other) => other.root === process.root && !incident.captured.has(other))
      .sort((one, other) => distance(one) - distance(other))
      .slice(0, room);
  }

  /**
   * A capture is done, or will not be. Tells the incident when it was the last one.
   * @returns true when it was the last one, and there are reports
   */
  settle(process: WatchedProcess, captured: Captured | null): boolean {
    const incident = this.#open.get(process.root);
    if (incident === undefined) return false;
    incident.open--;
    if (captured !== null) {
      const { verdict, path } = captured;
      incident.reports.push({ pid: process.pid, verdict: verdict.kind, path });
    }
    const { id, first, reports } = incident;
    if (incident.open > 0 || reports.length === 0) return false;
    if (reports.length > 1) this.#tell({ kind: 'incident', id, pid: first, reports: [...reports] });
    return true;
  }

  /** Ends the incident of a family in which nobody is in trouble any more. */
  close(root: number, all: Iterable<WatchedProcess>): void {
    const incident = this.#open.get(root);
    if (incident === undefined || incident.open > 0) return;
    for (const process of all) if (process.root === root && process.isInTrouble) return;
    this.#open.delete(root);
  }

  #incidentOf(process: WatchedProcess): Incident {
    let incident = this.#open.get(process.root);
    if (incident === undefined) {
      const id = randomUUID();
      incident = { id, first: process.pid, reports: [], captured: new Set(), open: 0 };
      this.#open.set(process.root, incident);
    }
    return incident;
  }
}
