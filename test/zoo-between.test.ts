/**
 * The zoo on what lies between the oldest and the newest: a program of each sort, and all of them with
 * SLEEPER_TEST_ZOO=all, which takes half an hour.
 */
import { testDeaths, testLiving } from './harness/zoo-tests.ts';

const all = process.env['SLEEPER_TEST_ZOO'] === 'all';
const living = all ? undefined : ['hang/sync-loop', 'hang/async-deadlock', 'quiet/idle-server'];
const deaths = all ? undefined : ['crash/uncaught-exception', 'crash/native-crash'];

testLiving('20', 'from outside', living);
for (const node of ['22', '24'] as const) {
  testLiving(node, 'from outside', living);
  testLiving(node, 'with agent', living);
  testDeaths(node, deaths);
}
