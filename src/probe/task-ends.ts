/** What the descriptors are that tasks wait for: the reader knows their numbers only. */
import type { Task } from '../report/schema.ts';
import { readDescriptors } from './sockets.ts';

/** In the words of reader/values/node-objects.ts and reader/tasks/requests.ts. */
const descriptor = /\bfd (\d+)(?: to [^\s,}]+)?/g;
/** Of a list of thousands those that come first are shown. */
const maxDescriptors = 1_000;

/** The tasks, with the other end of sockets and the path of files behind the descriptors that they wait for: `fd 21, peer 10.0.0.7:5432`. */
export function describeTaskEnds(pid: number, tasks: readonly Task[] = []): Task[] {
  const fds = tasks.flatMap(({ awaits }) =>
    typeof awaits !== 'string'
      ? []
      : [...awaits.matchAll(descriptor)].map(([, fd = '']) => Number(fd)),
  );
  if (fds.length === 0) return [...tasks];
  const known = readDescriptors(pid, new Set(fds.slice(0, maxDescriptors)));
  return tasks.map((task) => {
    const { awaits } = task;
    if (typeof awaits !== 'string') return task;
    const words = awaits.replace(descriptor, (whole, fd: string) => {
      const { file = '', socket } = known.get(Number(fd)) ?? {};
      if (socket?.peer !== undefined) return `${whole}, peer ${socket.peer}`;
      return file.startsWith('/') && !awaits.includes(file) ? `${whole}, ${file}` : whole;
    });
    return { ...task, awaits: words };
  });
}
