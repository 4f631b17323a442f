/** Every cap on loops and sizes, with its reason. Reaching one gives `over-limit`, never an exception. */
export const limits = {
  /** Frames walked of one stack: V8's default stack of 984 KiB holds about 12,000 of the smallest; --stack-size may raise it. */
  maxWalkedFrames: 200_000,
  /** Frames kept of one stack. */
  maxFrames: 1_000,
  /** Frames kept of one thread in one quick look: enough to tell whether it moves. */
  maxSampleFrames: 50,
  /** Of a stack that has more, so many are kept of both ends: what is left out is nearly always recursion. */
  deepInnermostFrames: 120,
  deepOutermostFrames: 80,
  /** Nesting of inlined functions in one optimised frame; V8's own limit is far below. */
  maxInlineDepth: 64,
  /** Bytes of one thread's stack copied during a stop; the default main stack is 8 MiB, V8 uses under 1 MiB of it. */
  maxStackBytes: 1 << 20,
  /** Indirections through cons, thin and sliced strings; hostile or torn memory can make a cycle. */
  maxStringDepth: 32,
  /** Characters of a string shown in a preview. */
  maxStringPreview: 200,
  /** Characters of one whole preview line. */
  maxPreviewChars: 300,
  /** Properties or elements opened of one object. */
  maxProperties: 20,
  /** Values opened below one variable, over all levels: keeps the time in a stop bounded. */
  maxValueNodes: 120,
  /** 64-bit digits of a BigInt that are converted; beyond that its size is told. */
  maxBigIntDigits: 64,
  /** Calls of one error's stack that are told while V8 has not made a text of it; its own default is 10. */
  maxErrorFrames: 20,
  /** Characters of one error's stack: ten calls with long paths. */
  maxStackChars: 2_000,
  /** Levels of objects opened below a variable. */
  maxValueDepth: 3,
  /** Steps along back pointers or prototype chains when looking for a constructor. */
  maxMapChain: 200,
  /** Contexts walked outwards for closure variables. */
  maxContextDepth: 8,
  /** Interpreter registers read of one frame. */
  maxRegisters: 2_000,
  /** Variables shown of one scope. */
  maxVariables: 100,
  /** Source text read of one script, in characters: bundles of tens of megabytes exist; parsing them takes seconds. */
  maxSourceChars: 32 << 20,
  /** Source text parsed for names, in characters: to step over its functions takes 15 ms for each MB, to parse them all half a second. */
  maxParsedChars: 16 << 20,
  /** What is parsed at once while the target stands still for it. */
  maxParsedInStopChars: 16 << 10,
  /** Bytes of one source map: that of a bundle of 10 MB has 20 to 40, most of it the original sources. */
  maxSourceMapBytes: 64 << 20,
  /** Characters of its mappings: each four to six are a segment, which takes some hundred bytes while it is read. */
  maxMappingsChars: 16 << 20,
  /** Lines it may map, and parts it may be made of. */
  maxMapLines: 2_000_000,
  maxMapSections: 10_000,
  /** Files of the program whose source maps are looked for, and original files that are read where a map does not hold them. */
  maxMappedScripts: 100,
  maxOriginalFiles: 100,
  /** Bytes of one original file. */
  maxOriginalBytes: 8 << 20,
  /** Characters of a name or a path in a source map. */
  maxMapNameChars: 1_000,
  /** Time for finding and reading them in a capture, while the target runs; and never more than half of what is left. */
  sourceMapsMs: 4_000,
  /** The same for the package.json of what a report speaks of. */
  packagesMs: 500,
  maxPackages: 300,
  maxPackageBytes: 1 << 20,
  /** The registry allows 214 for a name. */
  maxPackageNameChars: 250,
  /** Bytes searched backwards from a pc for the header of its Code object. */
  maxCodeSearchBytes: 4 << 20,
  /** Bytes of a WebAssembly module read for the names and places of its functions: large ones have some 30 MB. */
  maxWasmModuleBytes: 64 << 20,
  /** Functions of one WebAssembly module: V8's own limit (kV8MaxWasmTotalFunctions). */
  maxWasmFunctions: 1_000_000,
  /** Compiled WebAssembly functions that V8 has not yet sorted into its table. */
  maxNewWasmCode: 100_000,
  /** Steps down one balanced tree of V8's: twice the logarithm of more nodes than fit into memory. */
  maxTreeDepth: 80,
  /** Pages besides the stacks copied in one stop: 8 MiB take about 2 ms. */
  maxWantedPages: 2_048,
  /** Instructions read of one deoptimisation translation: 64 inlined functions of 200 variables. */
  maxTranslationInstructions: 20_000,
  /** Nesting of objects that the optimiser never made. */
  maxTranslationDepth: 64,
  /** Rows of one deoptimisation or safepoint table: a function of 60 KiB of bytecode has some thousands. */
  maxDeoptimizationRows: 50_000,
  /** Instructions emulated from where a thread was stopped to the next point at which its frame can be read. */
  maxEmulatedInstructions: 20_000,
  /** Time for them; about a microsecond each, and the target stands still. */
  maxEmulationMs: 20,
  /** Looks at a thread in optimised code until one of them leads to such a point. */
  maxLoopLooks: 12,
  /** Time for these looks together. The target runs between them. */
  loopLooksMs: 250,
  /** 256 KiB pages of V8's heap searched for tasks: 16 GiB. */
  maxHeapPages: 65_536,
  /** Of these it is noted what they refer to, so that a second search passes most of them over: 64 MiB of ours. */
  maxIndexedPages: 16_384,
  /** Suspended functions and pending promises told apart in one isolate; each takes some 300 bytes of ours. */
  maxTasks: 200_000,
  /** Maps of promises, and of async generators, beside V8's own: one for each class, or each async generator function. */
  maxTaskMaps: 2_000,
  maxPendingPromises: 500_000,
  /** Functions of V8's own that may settle a promise: two for each `new Promise`. Beyond it they are searched for backwards. */
  maxResolvers: 400_000,
  /** Reactions read of one promise: thousands may wait for the same one. */
  maxReactions: 20_000,
  /** Tasks at the same await that are told one by one; more are told as one, with their count. */
  maxAlikeTasks: 5,
  /** Tasks, or groups of them, in one report, and how many of these with values. */
  maxTaskGroups: 500,
  maxTasksWithValues: 100,
  /** Time for searching the heap while the target runs: 1 GiB takes about a second for the usual three searches, 16 GiB 15 s. */
  taskSearchMs: 30_000,
  /** C++ frames of one unbroken run of them: deep recursion in a parser or a regular expression. */
  maxNativeFrames: 512,
  /** Functions in one unwind table: node 26 has 130,000. */
  maxUnwindEntries: 4 << 20,
  /** Bytes of one function's entry in an unwind table: the longest of node 26 has some thousand. */
  maxUnwindEntryBytes: 64 << 10,
  /** Depth of remembered states, and of the operand stack, in one unwind program; compilers use 1 and 4. */
  maxUnwindDepth: 64,
  /** Operations of one expression of an unwind table: it may jump backwards. */
  maxExpressionSteps: 1_000,
  /** Unwind rows, and names, remembered by address in one process. */
  maxRememberedAddresses: 20_000,
  /** Bytes of one cache file: the symbols of a node binary take 150 KB. */
  maxCacheBytes: 4 << 20,
  /** Cache files: three for each binary that was looked at. */
  maxCacheFiles: 64,
  /** Functions whose names are kept in a cache file, 300 bytes each: a stack has some dozens, a profile some hundreds. */
  maxKeptFunctions: 1_000,
  /** Awaited calls of one function that are remembered. */
  maxAwaitedCalls: 200,
  /** Symbols of one file: node 26 has 170,000. */
  maxSymbols: 1 << 20,
  /** Characters of a mangled name that are read; template names go to tens of thousands. */
  maxSymbolChars: 4_096,
  /** Time for all that concerns the suspended async functions, the search included; and never more than half of what is left. */
  tasksMs: 40_000,
  /** Looks put off because a garbage collection was under way, and for how long each. */
  maxCollectionWaits: 8,
  collectionWaitMs: 10,
  /** Threads looked at in one process. */
  maxThreads: 4_096,
  /** How long stopping the threads may take before we let go: a thread in uninterruptible sleep never stops. */
  stopTimeoutMs: 250,
  /** The same for a thread that is ready to run and gets no processor: a share of 1 % is a turn every half second. */
  starvedStopTimeoutMs: 4_000,
  /** How long another tracer is waited for: another look at the process is over by then, a debugger is not. */
  otherTracerMs: 250,
  /** How long our own helper threads are waited for before somebody else's are stopped. */
  ownThreadsMs: 10,
  /** The native side resumes the target after this time whatever we are doing. */
  holdLimitMs: 100,
  /** For trying the capture on ourselves, to have it compiled when it is wanted. */
  warmUpMs: 2_000,
  /** Our own budget for decoding while the target stands still. */
  decodeInStopMs: 60,
  /** Descriptors whose kind is looked at; all are counted. */
  maxDescriptorsLookedAt: 2_000,
  /** Handles listed of one event loop: a busy server has some ten thousand connections. */
  maxHandles: 20_000,
  /** Handles whose owners in JavaScript are read, of all loops together: some ten pages each, those that keep the loop alive first; and timers that are asked what they are about. */
  maxOwners: 40,
  /** Requests listed of one thread pool queue. */
  maxRequests: 2_000,
  /** Timers looked at in one isolate; each takes about a microsecond and a tenth of a kilobyte. */
  maxTimers: 20_000,
  /** Lists of timers, one for each delay in use. */
  maxTimerLists: 4_096,
  /** Threads of the pool: libuv's own limit. */
  maxPoolThreads: 1_024,
  /** Stack of a thread searched for its event loop or its work, from its outer end. */
  maxStackSearchBytes: 64 << 10,
  /** Other processes told of in one report, and descriptors whose other ends are looked for. */
  maxNeighbours: 32,
  /** Time for searching all processes for the other ends of pipes and sockets: some 10 µs for each descriptor. */
  neighbourSearchMs: 250,
  /** Descriptors looked at for a debugger's connection; node opens the inspector's early. */
  maxInspectedDescriptors: 1_024,
  /** PATH_MAX. */
  maxPathBytes: 4_096,
  /** Bytes read of one table of /proc/PID/net: 150 for each socket of the network namespace. */
  maxSocketTableBytes: 16 << 20,
  /** Segments of a core: a process has at most vm.max_map_count mappings, 65,530 by default, some set 262,144. */
  maxCoreSegments: 300_000,
  /** Notes of a core: six for each thread. */
  maxCoreNotes: 50_000,
  /** Bytes of one note of a core: the list of mapped files takes about 120 for each. */
  maxCoreNoteBytes: 32 << 20,
  /** Pages of a core kept in memory. */
  maxCorePages: 24_576,
  /** Files a core may name that are opened: a program maps some dozens of libraries. */
  maxMappedFiles: 1_000,
  /** Words looked through for the arguments at the top of the main stack: they and the environment are below 2 MiB. */
  maxStackTopBytes: 2 << 20,
  /** Bytes that a report is written with, before compression: the guilty thread may have half of it, tasks a fifth. */
  maxEncodedBytes: 8 << 20,
  /** Bytes of one report file that are read, unpacked: format 1 was written up to this size. */
  maxReportBytes: 64 << 20,
  /** MessagePack values in one report: an empty map takes one byte in the file and a hundred in memory. */
  maxReportNodes: 2_000_000,
  /** Nesting of a report's maps and arrays; an error's chain of causes is cut here. */
  maxReportDepth: 96,
  /** Bytes of the index of an archive: 100,000 reports take about 60 MiB. */
  maxIndexBytes: 512 << 20,
  /** Bytes of the plan of a rotation: some hundred names. */
  maxPlanBytes: 1 << 20,
  /** Bytes read of one file of occurrences: 64 KiB, more where the disk was full when it should have been summed up. */
  maxOccurrenceBytes: 16 << 20,
  /** Bytes of the remarks on one report that are read. */
  maxNoteBytes: 256 << 10,
  /** Bytes of exported reports, unpacked. */
  maxBundleBytes: 512 << 20,
  /** Bytes read from the start of a file to list it; the header fields come first and are a few hundred bytes. */
  maxHeaderBytes: 64 << 10,
  /** New processes looked at in one scan of /proc; a fork bomb's other children come with the next scans. */
  maxNewProcesses: 500,
  /** Binaries of which is remembered whether they are Node.js. */
  maxRememberedBinaries: 1_000,
  /** Processes watched at the same time; each takes three descriptors and some kilobytes. */
  maxWatched: 5_000,
  /** Processes that begin to be watched in one turn: the first look at each takes a millisecond. */
  maxNewWatched: 50,
  /** Processes of one incident that are captured: the one that hangs, then those nearest to it. */
  maxIncidentProcesses: 16,
  /** Targets that have metrics of their own: Prometheus keeps a series for each label for weeks. */
  maxMetricTargets: 200,
  /** Captures that wait for their turn; beyond that they are told as left out. */
  maxWaitingCaptures: 1_000,
} as const;
