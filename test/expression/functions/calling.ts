import process from 'node:process'
import * as re2js from 're2js'
import { Failure } from '../../../src/expression/failure.ts'
import type {
  EventContext,
  FunctionDefinition,
  LookupTable,
  PrepareHost,
} from '../../../src/expression/functions/definition.ts'
import { Meter } from '../../../src/expression/runtime/meter.ts'
import type { Value } from '../../../src/expression/value.ts'
import { JSON_CODING } from '../../../src/json/coding.ts'
import { meter } from '../runtime/unlimited.ts'

/** The outcome of a call: a value (undefined: absence) or the code of a failure, and the anomalies it recorded. */
export interface Outcome {
  readonly value?: unknown
  readonly code?: string
  readonly message?: string
  readonly anomalies: Readonly<Record<string, readonly string[]>>
}

/** Calls a plain or prepared function with values, as generated code would. */
export function call(definition: FunctionDefinition, ...args: (Value | undefined)[]): Outcome {
  const { implementation } = definition
  if (implementation.kind !== 'direct') throw new Error(`${definition.name} is not called directly`)
  return outcomeOf((context) => implementation.call(context, ...args))
}

/** The outcome of a function with a context that collects the anomalies. */
export function outcomeOf(run: (context: EventContext) => unknown): Outcome {
  const anomalies: Record<string, string[]> = {}
  const context: EventContext = {
    meter,
    json: JSON_CODING,
    field: () => undefined,
    received: Date.UTC(2024, 2, 17),
    anomaly(kind, text) {
      anomalies[kind] ??= []
      if (!anomalies[kind].includes(text)) anomalies[kind].push(text)
    },
  }
  try {
    return { value: run(context), anomalies }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { code: error.code, message: error.message, anomalies }
  }
}

/** The outcome of a function that makes an object, with the order of its members and what the meter counted. */
export function countedRecord(run: (context: EventContext) => unknown): unknown {
  const own = new Meter()
  let built = 0
  own.build = (bytes) => {
    built += bytes
  }
  const { value, code, message } = outcomeOf((context) => run({ ...context, meter: own }))
  return { built, work: own.work, code, message, members: value && Object.entries(value) }
}

/** A host with these tables: arrays are lists, objects are mappings. */
export function hostWith(
  tables: Readonly<Record<string, Readonly<Record<string, Value>> | readonly Value[]>>,
): PrepareHost {
  return {
    table: (name) => (Object.hasOwn(tables, name) ? tableOf(tables[name]!) : undefined),
    tables: Object.keys(tables).map((name) => ({ name, file: 'tables.yaml' })),
    warn() {},
    re2: () => re2js,
  }
}

function tableOf(table: Readonly<Record<string, Value>> | readonly Value[]): LookupTable {
  return Array.isArray(table)
    ? { kind: 'list', items: table }
    : { kind: 'mapping', entries: new Map(Object.entries(table)) }
}

/** Milliseconds of processor time of this process: a busy machine makes a test wait, but hardly more expensive. */
export function processorMs(): number {
  return process.cpuUsage().user / 1000
}
