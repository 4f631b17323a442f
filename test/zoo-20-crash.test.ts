/** The zoo, its deaths on Node.js 20, the oldest with an agent. */
import { testDeaths } from './harness/zoo-tests.ts';

testDeaths('20');
