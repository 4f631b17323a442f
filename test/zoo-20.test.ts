/** The zoo on Node.js 20. */
import { testZoo } from './harness/zoo-tests.ts';

testZoo('20');
