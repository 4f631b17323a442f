/** A name is looked up, and the name server does not answer. */
import { type Rule, certainIf, loopEvidence } from '../evidence.ts';
import { poolWork } from '../pool.ts';
import { formatDuration, functionOf } from '../words.ts';

/** A lookup that was seen to wait for less than this may be an ordinary one. */
const minSeenMs = 200;

/** Lookups in the pool whose threads sit in the same call in all looks. */
export const dnsStall: Rule = (scene) => {
  const { main, capture, betweenLooksMs } = scene;
  if (scene.loop === 'stuck') return null;
  const lookups = poolWork(capture).filter(
    ({ request, isBlocked }) => isLookup(request.type) && isBlocked,
  );
  if (lookups.length === 0 || betweenLooksMs < minSeenMs) return null;
  const queued = capture.requests.filter(({ type, state }) => isLookup(type) && state === 'queued');
  const names = [...new Set(lookups.map(({ request }) => request.host ?? 'a name'))];
  const waiting = [...new Set(queued.map(({ host }) => host ?? 'a name'))];
  const tasks = capture.tasks.filter((task) =>
    JSON.stringify([task.arguments, task.locals]).includes(names[0] ?? '\0'),
  );
  const [task] = tasks;
  return {
    kind: 'dns-stall',
    summary: `The look-up of ${names.slice(0, 3).join(', ')} gets no answer from the name server${waiting.length === 0 ? '' : `; ${waiting.length} more wait behind it`}.`,
    confidence: certainIf(scene.isAccused),
    thread: main.tid,
    evidence: [
      ...lookups.map(({ request, call }) => ({
        text: `thread ${request.poolTid ?? '?'} of the pool looks up ${request.host ?? 'a name'}, in ${call ?? 'an unknown call'}, the same for ${formatDuration(betweenLooksMs)}`,
      })),
      ...waiting
        .slice(0, 8)
        .map((host) => ({ text: `waits for a thread: the look-up of ${host}` })),
      ...(task === undefined
        ? []
        : [{ text: `asked for by ${functionOf(task)} (task ${task.id})` }]),
      ...loopEvidence(scene),
    ],
    advice: `See whether the name server answers: getent hosts ${names[0] ?? 'NAME'}; cat /etc/resolv.conf. At most half of the pool's threads look up names at a time; dns.resolve() does not use them.`,
  };
};

function isLookup(type: string): boolean {
  return type === 'getaddrinfo' || type === 'getnameinfo';
}
