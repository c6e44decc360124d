import type { TextCoding } from '../json/text-coding.ts'
import type { Cutter } from './cutter.ts'
import { EventCutter } from './event-cutter.ts'
import type { EventFormat } from './input-format.ts'
import { LineCutter } from './line-cutter.ts'
import { TranscodingCutter } from './transcoding-cutter.ts'

/**
 * A cutter for worker threads, whose blocks are UTF-8.
 *
 * @param maxLineBytes longer events are rejected
 * @param blockBytes a block has about so many bytes
 * @throws {TypeError} when a pattern cannot be used
 */
export function createCutter(
  format: EventFormat,
  maxLineBytes: number,
  blockBytes: number,
  coding: TextCoding,
): Cutter {
  const cutter =
    format.lines === undefined
      ? new EventCutter(() => format.createUtf8Splitter(coding), blockBytes)
      : new LineCutter(maxLineBytes, blockBytes, coding)
  const transcoder = format.createTranscoder()
  return transcoder === undefined ? cutter : new TranscodingCutter(transcoder, cutter)
}
