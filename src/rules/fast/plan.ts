/** The fast path of a rule set, put together from what was generated for it, here or when the rules were compiled to a module. */
import type { EventLimits } from '../../expression/runtime/meter.ts'
import type { TextCoding } from '../../json/text-coding.ts'
import { PORTABLE_CODING } from '../../json/text-coding.ts'
import type { WantedTree } from '../../json/wanted.ts'
import type { NotedRules } from '../noted-rules.ts'
import { RuleNotes } from '../rule-notes.ts'
import type { FastRules, FunctionTable, RuleFunction } from './fast-path.ts'
import { FastPart, FastPath, LineMeters, tableOf } from './fast-path.ts'
import type { Operation } from './layout.ts'
import { createLayout } from './layout.ts'
import type { MachinePool } from './machine.ts'
import { LineMachine } from './machine.ts'
import type { WrittenPlaces } from './written-places.ts'
import { withPlaces } from './written-places.ts'

/** Functions by rule, undefined where a rule has none. */
export type RuleFunctions = readonly (RuleFunction | undefined)[]

/** The parts of a fast path beside the functions of its rules, as plain data. */
export interface FastPathParts {
  /** The members of lines that rules need. */
  readonly wanted: WantedTree
  /** The template of an output. */
  readonly operations: readonly Operation[]
  /** Slots of the event's own members that functions ask for by name. */
  readonly members: ReadonlyMap<string, number>
  /** By field of the notes: the slots where it may stand. */
  readonly places: readonly (readonly number[])[]
  /** Bytes of a text that may be changed without counting. */
  readonly nativeLength: number
  readonly limits: EventLimits
}

/** A fast path that can be made any number of times; it holds no state of lines. */
export interface FastPathPlan {
  /**
   * @param notes what it notes in. Default: nobody asks
   * @param coding how text becomes bytes. Default: as it is done everywhere
   * @param places takes the places of values, where the template can tell them. Default: nobody asks
   */
  create(notes?: RuleNotes, coding?: TextCoding, places?: WrittenPlaces): FastPath
  /**
   * The part of a fast path that works for many rule sets.
   *
   * @param pool gives the memory
   * @param route the number under which the notes know it
   * @param meters gives the budgets for so many rules
   * @param places as for `create`
   * @returns undefined where the pool has no more
   */
  createPart(
    pool: MachinePool,
    route: number,
    notes: RuleNotes,
    meters: (limits: EventLimits, rules: number) => LineMeters,
    places?: WrittenPlaces,
  ): FastPart | undefined
}

/**
 * @param rules what notes are about
 * @param functions makes the functions of rules, when the first path is created. Undefined: those of the table are all there are
 * @param table makes the functions of rules that have their constants in a table, for paths that work for many rule sets. Default: of `functions`
 * @returns undefined where there is no WebAssembly with SIMD
 */
export function createFastPath(
  rules: NotedRules,
  { wanted, operations, members, places: fieldPlaces, nativeLength, limits }: FastPathParts,
  functions: (() => RuleFunctions) | undefined,
  table: () => FunctionTable = () => tableOf(functions?.() ?? []),
): FastPathPlan | undefined {
  if (!LineMachine.isSupported) return undefined
  const { names } = rules
  const layOut = (start?: number, keysSize?: number) =>
    createLayout(wanted, operations, names.length, nativeLength, start, keysSize)
  const layOutWith = (placed: readonly Operation[], count: number) => (start?: number, keysSize?: number) =>
    createLayout(wanted, placed, names.length, nativeLength, start, keysSize, count)
  let alone: FastRules | undefined
  const made = () => {
    alone ??= {
      table: functions === undefined ? table() : tableOf(functions()),
      members,
      places: fieldPlaces,
      limits,
    }
    return alone
  }
  let inTable: FastRules | undefined
  const makePath = (
    machine: LineMachine | undefined,
    notes: RuleNotes,
    coding: TextCoding,
    places?: WrittenPlaces,
  ) =>
    new FastPath(
      new FastPart(made(), machine, 0, notes, new LineMeters(limits, names.length), places),
      coding,
    )
  // Paths that are created alone share a machine: values are remembered in it.
  let shared: { readonly machine: LineMachine | undefined } | undefined
  const createMachine = () => {
    const layout = layOut()
    return { machine: layout && LineMachine.create(layout) }
  }
  return {
    create(notes = new RuleNotes(rules), coding = PORTABLE_CODING, places) {
      const placed = places && withPlaces(operations, names, places.fields)
      if (placed !== undefined) {
        const layout = layOutWith(placed, places!.fields.length)()
        const machine = layout && LineMachine.create(layout)
        return makePath(machine, notes, coding, places)
      }
      shared ??= createMachine()
      return makePath(shared.machine, notes, coding)
    },
    createPart(pool, route, notes, meters, places) {
      const placed = places && withPlaces(operations, names, places.fields)
      const machine = pool.create(placed === undefined ? layOut : layOutWith(placed, places!.fields.length))
      if (machine === undefined) return undefined
      inTable ??= { table: table(), members, places: fieldPlaces, limits }
      return new FastPart(inTable, machine, route, notes, meters(limits, names.length), placed && places)
    },
  }
}
