/** Longer events are rejected unless the operator says otherwise. 16 MiB. */
export const DEFAULT_MAX_LINE_BYTES = 16 * 1024 * 1024

/**
 * The highest limit that the operator may set: V8 has no strings of 2**29 characters, and the record of a rejected
 * event may be six times as long as its text. 64 MiB.
 */
export const MAX_LINE_LIMIT = 64 * 1024 * 1024

/**
 * The output that is made of one batch is handed on when it is about so large, and more is made only when the reader takes
 * more: a few bytes of input may become gigabytes of output. 4 MiB.
 */
export const HAND_ON_BYTES = 4 * 1024 * 1024

/** The same for records of rejected events. They are fewer, because each worker thread holds some. 256 KiB. */
export const HAND_ON_RECORD_BYTES = 256 * 1024

/** Worker threads at most: with more there is a slip of the keyboard, and gigabytes for their heaps. */
export const MAX_WORKERS = 256

/**
 * Read from files at a time where worker threads take the chunks to pieces, and the thread that reads only hands them on.
 * Measured: with 1 MiB all threads together take an eighth less processor time than with 128 KiB, with 2 MiB no less.
 */
export const WORKER_CHUNK_BYTES = 1024 * 1024

/** An event that is complete unless more of it comes is given when nothing has come for so long. */
export const HELD_EVENT_MS = 1000

/** After evaluating for so long, a stage hands on what it has, and the event loop turns: timers, signals and sockets wait no longer. */
export const HAND_ON_MS = 100
