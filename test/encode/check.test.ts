/** The quick check says yes to what valibot accepts as it is, and to nothing else. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { compileCheck } from '#dist/report/check.js';
import { Report } from '#dist/report/schema.js';
import { sampleReports } from '../view/reports.ts';

const isReport = compileCheck(Report);

/** What may stand anywhere in a damaged or hostile report. */
const anything = fc.oneof(
  fc.constantFrom(null, NaN, -1, 0.5, '', 'js', true, [], {}, [1], { constructor: 1 }),
  fc.constantFrom({ prototype: {} }, { name: 'x', value: {} }, [{}], [['x']], 1e300, 'hang'),
);
/** The hostile one has megabytes. */
const small = Object.entries(sampleReports).flatMap(([name, build]) =>
  name === 'hostile' ? [] : [build],
);
type Fields = Record<string, unknown>;

/** A place in the report, chosen by numbers: each goes one level down. */
function change(
  root: unknown,
  way: readonly number[],
  act: (parent: Fields, key: string) => void,
): void {
  let parent: unknown;
  let key = '';
  let here: unknown = root;
  for (const step of way) {
    if (typeof here !== 'object' || here === null) break;
    const keys = Object.keys(here);
    if (keys.length === 0) break;
    parent = here;
    key = keys[step % keys.length] ?? '';
    here = (here as Fields)[key];
  }
  if (parent !== undefined) act(parent as Fields, key);
}

suite('the quick check of a report', () => {
  for (const [name, build] of Object.entries(sampleReports)) {
    test(`${name}: yes`, () => {
      assert.ok(isReport(JSON.parse(JSON.stringify(build()))));
    });
  }

  test('whatever is changed, removed or added: a yes is valibot’s yes, with the same report', (t) => {
    const counts = { yes: 0, no: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...small),
        fc.array(fc.nat(50), { minLength: 1, maxLength: 9 }),
        fc.constantFrom('set', 'remove', 'add'),
        anything,
        fc.constantFrom('constructor', 'prototype', 'toString', 'news', 'value', 'line'),
        (build, way, how, value, added) => {
          const fields: unknown = JSON.parse(JSON.stringify(build()));
          change(fields, way, (parent, key) => {
            if (how === 'set') parent[key] = value;
            else if (how === 'add' && !Array.isArray(parent)) parent[added] = value;
            else if (how === 'remove' && !Array.isArray(parent))
              Reflect.deleteProperty(parent, key);
          });
          const says = isReport(fields);
          counts[says ? 'yes' : 'no'] += 1;
          const result = v.safeParse(Report, fields);
          if (says) {
            assert.ok(result.success);
            assert.deepEqual(fields, result.output);
          } else if (result.success) {
            // valibot makes something else of it.
            assert.notDeepEqual(fields, result.output);
          }
        },
      ),
      { numRuns: 3_000, seed: 20_261_123 },
    );
    t.diagnostic(JSON.stringify(counts));
    assert.ok(counts.yes > 300 && counts.no > 300, JSON.stringify(counts));
  });

  test('a kind of schema that it does not know is refused when it is made', () => {
    assert.throws(() => compileCheck(v.object({ when: v.date() })));
  });
});
