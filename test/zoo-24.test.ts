/** The zoo on Node.js 24. */
import { testZoo } from './harness/zoo-tests.ts';

testZoo('24');
