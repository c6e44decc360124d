import { Readable } from 'node:stream'
import { fitsLoop, Pipeline } from '../pipeline.ts'
import type { StageOptions } from '../stages/pipeline-options.ts'
import type { Input } from './files/source.ts'
import { InputReader } from './files/source.ts'

export interface PipelineOptions extends StageOptions {
  /** Read one after the other, compressed ones as well. A stream counts as an input of the name `-`. */
  readonly inputs: Iterable<Input | Readable>
}

/**
 * The pipeline that reads files and streams.
 *
 * @throws {TypeError} when an option is not acceptable
 */
export function createPipeline({ inputs, ...options }: PipelineOptions): Pipeline {
  const keepsNone = options.sinks !== undefined && fitsLoop(options)
  return new Pipeline(new InputReader(asInputs(inputs), { keepsNone }), options)
}

function* asInputs(inputs: Iterable<Input | Readable>): Generator<Input> {
  for (const input of inputs) yield input instanceof Readable ? { name: '-', open: () => input } : input
}
