/** Why a source map cannot be used, as the end of a sentence: "it …". Never quotes it: it may be no map but a file of secrets. */
export class MapProblem extends Error {}
