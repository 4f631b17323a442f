/** What the event loops hold, with what /proc knows of their descriptors. */
import { describeDescriptors } from '../probe/sockets.ts';
import type { ProcessReading } from '../reader/reading.ts';
import type { Report } from '../report/schema.ts';

/** The sections of a report that are about event loops; empty when the reader could not read them. */
export function loopSection(
  pid: number,
  reading: ProcessReading | null,
): Pick<Report, 'handles' | 'requests' | 'timers'> & Partial<Pick<Report, 'threadpool'>> {
  const activity = reading?.activity;
  if (activity === undefined) return { handles: [], requests: [], timers: [] };
  return {
    ...describeDescriptors(pid, activity.handles, activity.requests),
    timers: [...activity.timers],
    ...(activity.threadpool && { threadpool: activity.threadpool }),
  };
}
