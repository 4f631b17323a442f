/** What the event loops hold, with what /proc knows of their descriptors. */
import { describeDescriptors } from '../probe/sockets.ts';
import type { LoopActivity } from '../reader/reading.ts';
import type { Report } from '../report/schema.ts';

type LoopSection = Pick<Report, 'handles' | 'requests' | 'timers'> &
  Partial<Pick<Report, 'threadpool'>>;

/** The sections of a report that are about event loops; empty when the reader could not read them. */
export function loopSection(activity: LoopActivity | null): LoopSection {
  if (activity === null) return { handles: [], requests: [], timers: [] };
  const { handles, requests, timers, threadpool } = activity;
  return {
    handles: [...handles],
    requests: [...requests],
    timers: [...timers],
    ...(threadpool && { threadpool }),
  };
}

/** The same of a live process, with what /proc knows of the descriptors. */
export function liveLoopSection(pid: number, activity: LoopActivity | null): LoopSection {
  const section = loopSection(activity);
  return { ...section, ...describeDescriptors(pid, section.handles, section.requests) };
}
