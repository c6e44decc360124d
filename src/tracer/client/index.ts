/** The entry `sluice/client`: asks a tracer. It loads nothing of the server, and no rules. */

export type { ContextField, Detection, Indicator, IndicatorType } from '../protocol.ts'
export type { Answer, LookupHandler, ServerAddress, TracerErrorCode, TracerPoolOptions } from './pool.ts'
export { TracerError, TracerPool } from './pool.ts'
export type { HttpAddress } from './transport.ts'
