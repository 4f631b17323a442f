/**
 * Objects of the program's and of packages' own classes in a few words: the command, the job, the connection that a promise is about. Told by
 * properties that mostly say which one of many it is; their values are texts and numbers, no getter runs.
 */
import type { Heap } from '../heap/heap.ts';
import { readStringLength } from '../heap/strings.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { type Properties, propertiesOf, textOf } from '../values/fetch-objects.ts';
import { readClassName } from '../values/properties.ts';
import { proxyTarget } from '../values/standard-objects.ts';

const maxProperties = 80;
const maxTextChars = 100;
/** Properties told of one object. */
const maxTold = 3;
/** Where it is: also looked for in what the object was configured with. */
const addressNames = ['host', 'hostname', 'port'];
const configurationNames = ['options', 'opts', 'config', 'connectionParameters'];
/** The most telling first. `text` is what pg calls its SQL. */
const tellingNames = [
  ...[
    'title',
    'name',
    'id',
    'jobId',
    'taskId',
    'method',
    'url',
    'path',
    'sql',
    'query',
    'text',
    'command',
  ],
  ...['operation', 'event', 'channel', 'topic', 'queue', ...addressNames, 'status'],
] as const;
const urlBegin = /^[a-z][a-z+.-]*:\/\//;

/** An object, told. */
interface OwnObject {
  /** `Command {name: "get"}` */
  readonly words: string;
  /** It tells where something is that is talked to. */
  readonly isRemote: boolean;
}

/** What is behind a Proxy as itself. @returns null when it is of no class of its own, or nothing tells it from others @throws UnreadableMemory */
export function tellOwnObject(heap: Heap, word: Tagged): OwnObject | null {
  const object = heap.is(word, 'JS_PROXY') ? proxyTarget(heap, word) : word;
  if (!heap.is(object, 'JS_OBJECT')) return null;
  const className = readClassName(heap, object) ?? '';
  if (className === '' || className === 'Object') return null;
  const properties = namedPlainly(propertiesOf(heap, object, maxProperties));
  const told = new Map<string, string>();
  for (const name of tellingNames) {
    const word = properties.get(name) ?? inConfiguration(heap, properties, name);
    const text = word === undefined ? null : tellValue(heap, word);
    if (text !== null && told.size < maxTold) told.set(name, text);
  }
  if (told.size === 0) return null;
  const url = textOf(heap, properties.get('url'), maxTextChars) ?? '';
  return {
    words: `${className} {${[...told].map(([name, text]) => `${name}: ${text}`).join(', ')}}`,
    isRemote: urlBegin.test(url) || addressNames.some((name) => told.has(name)),
  };
}

/** `_url` and `#url` as `url`, unless there is one. */
function namedPlainly(properties: Properties): Properties {
  const plain = new Map(properties);
  for (const [name, word] of properties) {
    const bare = name.replace(/^[_#]/, '');
    if (!plain.has(bare)) plain.set(bare, word);
  }
  return plain;
}

function inConfiguration(heap: Heap, properties: Properties, name: string): Tagged | undefined {
  if (!addressNames.includes(name)) return undefined;
  for (const key of configurationNames) {
    const configuration = properties.get(key);
    if (configuration === undefined || !heap.is(configuration, 'JS_OBJECT')) continue;
    const word = propertiesOf(heap, configuration, maxProperties).get(name);
    if (word !== undefined) return word;
  }
  return undefined;
}

function tellValue(heap: Heap, word: Tagged): string | null {
  const number = smiValue(word);
  if (number !== null) return String(number);
  const text = textOf(heap, word, maxTextChars);
  if (text === null || text === '') return null;
  if (readStringLength(heap, word) <= maxTextChars) return JSON.stringify(text);
  // A secret that was cut short is not known for one; in SQL they stand in quotes.
  const plain = text.includes(' ') ? (/^[^'"`]*/.exec(text)?.[0] ?? '') : '';
  return plain === '' ? null : `${JSON.stringify(plain)}…`;
}
