/**
 * The number of batches that wait before and behind a stage: few, because memory is theirs. Each is a chunk of input, 64
 * or 128 KiB mostly, and about ten times as much when it is parsed.
 */
export const STAGE_OPTIONS = { highWaterMark: 2 } as const
