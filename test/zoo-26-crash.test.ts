/** The zoo, its deaths on Node.js 26, the newest. */
import { testDeaths } from './harness/zoo-tests.ts';

testDeaths('26');
