import type { TransformCallback } from 'node:stream'

/**
 * How many batches wait before and behind a stage: few, because memory is theirs. Each is a chunk of input, 64
 * or 128 KiB mostly, and about ten times as much when it is parsed.
 */
export const STAGE_OPTIONS = { highWaterMark: 2 } as const

/** Does a stage's work on one batch. What it throws fails the stage; thrown out of a stream it would end the process. */
export function guard(callback: TransformCallback, work: () => void): void {
  try {
    work()
  } catch (error) {
    callback(error as Error)
  }
}
