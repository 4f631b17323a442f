/** The event loop waits for work in its own poll. Nothing is wrong with the main thread. */
import { workElsewhere } from '../elsewhere.ts';
import { type Rule, loopEvidence, nameMain } from '../evidence.ts';
import type { Capture, Task } from '../../report/schema.ts';
import { subjectOf } from '../../report/subject.ts';
import { findKeepers, type Keeper } from '../kept-alive.ts';
import { asksInVain, findStandings, type Standing, standingWords } from '../suspended.ts';
import { unansweredRequests, unansweredWords } from '../unanswered.ts';
import {
  Waits,
  countOf,
  hasObject,
  isOwnTask,
  isPackageTask,
  isTopLevel,
  waitWords,
  workWords,
} from '../waits.ts';
import { describeTask, identifyTask, isNode, nameFrame } from '../words.ts';

/** Functions named of those that are suspended, and things named that keep the loop alive. */
const maxTold = 3;
const maxKeepers = 6;
const maxChildren = 8;
/** Of Node's http and http2, given to whoever handles a request. */
const response = /\b(?:Http2)?ServerResponse\b/;

/** In epoll, and hardly any CPU used. */
export const idle: Rule = (scene) => {
  const { capture, main, call } = scene;
  if (scene.loop !== 'polling') return null;
  const handles = main.loop?.activeHandles;
  const keepers = findKeepers(capture, main.tid);
  const open =
    keepers.length > 0
      ? `, kept alive by ${listKeepers(keepers)}`
      : handles === undefined
        ? ''
        : ` (${handles} active handles)`;
  const work = workElsewhere(capture);
  const waits = new Waits(capture);
  const standings = findStandings(waits);
  const children = waits.own.length === 0 ? nodeChildren(capture) : [];
  const who = work.length === 0 ? 'process' : 'main thread';
  return {
    kind: 'idle',
    summary: `${[`The ${who} is idle: its event loop waits for work${open}`, ...unansweredWords(capture), ...work, ...suspendedWords(standings, waits, capture)].join('; ')}.`,
    confidence: scene.isLoopKnown ? 'certain' : 'likely',
    thread: main.tid,
    evidence: [
      { text: `${nameMain(scene)} waits in ${call?.text ?? 'epoll'}` },
      ...loopEvidence(scene),
      ...keepers.slice(0, maxKeepers).map(({ detail }) => ({ text: `keeps it alive: ${detail}` })),
      ...unansweredRequests(capture)
        .slice(0, maxTold)
        .map(({ http, peer = '?' }) => ({
          text: `not answered: ${http.method} ${http.url}, of ${peer}`,
        })),
      ...suspendedEvidence(standings, waits, capture),
    ],
    ...(children.length > 0 && {
      advice: `See what ${children.length === 1 ? 'the child does' : 'the children do'}: sleeper dump ${children.join(' ')}`,
    }),
  };
};

/** Of a program that serves nobody itself: `npm run`, a test runner. */
function nodeChildren({ handles, neighbours = [] }: Capture): number[] {
  if (handles.some(({ state }) => state === 'listening')) return [];
  return neighbours
    .filter((one) => one.relation === 'child' && isNode(one))
    .slice(0, maxChildren)
    .map(({ pid }) => pid);
}

function listKeepers(keepers: readonly Keeper[]): string {
  // A request has a connection, and often a timer of its own.
  const names = [
    ...new Set(
      keepers.map(({ words, about }, i) =>
        about === undefined || keepers.findIndex((one) => one.about === about) < i
          ? words
          : `${words} for ${about}`,
      ),
    ),
  ];
  const told = names.slice(0, maxTold);
  if (names.length > maxTold) return `${told.join(', ')} and ${names.length - maxTold} more`;
  const last = told.pop() ?? '';
  return told.length === 0 ? last : `${told.join(', ')} and ${last}`;
}

/** How many functions are suspended, and where in the end: most idle processes have some, and some are stuck with them. */
function suspendedWords(standings: readonly Standing[], waits: Waits, capture: Capture): string[] {
  const own = waits.own.length > 0;
  const suspended = own ? waits.own : waits.tasks.filter(isPackageTask);
  const count = countOf(suspended);
  if (count === 0) return underWayWords(standings);
  // HTTP/2, and connections whose requests are not known.
  const isTold = unansweredRequests(capture).length > 0;
  const answering = isTold ? 0 : countOf(suspended.filter((task) => hasObject(task, response)));
  return [
    `${count} async ${count === 1 ? 'function' : 'functions'}${own ? '' : ' of packages'} ${count === 1 ? 'is' : 'are'} suspended${answering === 0 ? '' : `, ${answering} of them with a request to answer`}${whereWords(standings, waits, capture)}`,
  ];
}

/** The one place where all stand, and what is waited for there; of several those where most do. */
function whereWords(all: readonly Standing[], waits: Waits, capture: Capture): string {
  const inner = all.filter(({ task }) => !isTopLevel(task));
  const standings = inner.length > 0 ? inner : all;
  const [first, ...others] = standings;
  if (first === undefined) return '';
  const { task, count } = first;
  const isOwn = isOwnTask(task);
  if (others.length === 0 && !asksInVain(first, waits))
    return `: ${count > 1 ? `${count} × ` : ''}${isOwn ? nameFrame(task, capture) : describeTask(task, capture)} waits for ${endWords(task, waits, capture)}`;
  return isOwn ? `, the innermost ${standingWords(standings, waits, capture)}` : '';
}

/** Where no function but Node's own is left. */
function underWayWords(standings: readonly Standing[]): string[] {
  const subjects = [...new Set(standings.flatMap(({ task }) => subjectOf(task) ?? []))];
  const more = subjects.length - maxTold;
  return subjects.length === 0
    ? []
    : [`under way: ${subjects.slice(0, maxTold).join(', ')}${more > 0 ? ` and ${more} more` : ''}`];
}

/** Where most stand, and what packages of theirs wait for in the end. */
function suspendedEvidence(
  standings: readonly Standing[],
  waits: Waits,
  capture: Capture,
): { text: string }[] {
  return standings.slice(0, maxTold).map(({ task, count }) => {
    const others = count - countOf([task]);
    const alike = others === 0 ? '' : `, and ${others} more there`;
    return {
      text: `suspended: ${identifyTask(task, capture)}${alike}, waits for ${endWords(task, waits, capture)}`,
    };
  });
}

function endWords(task: Task, waits: Waits, capture: Capture): string {
  const below = waits.dependencies(task);
  const at = below.findIndex(({ awaits }) => typeof awaits === 'string');
  const end = below[at];
  const work = workWords(task, waits);
  if (typeof task.awaits === 'string' || end === undefined) return waitWords(task, waits) + work;
  const depth = at === 0 ? '' : `, ${at + 1} calls down`;
  return `${nameFrame(end, capture)}${depth}, which waits for ${waitWords(end, waits)}${work}`;
}
